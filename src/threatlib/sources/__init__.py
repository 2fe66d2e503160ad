"""Official downloads to rows, one file a publisher."""
