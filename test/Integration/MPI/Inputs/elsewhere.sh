# Runs a command, as rank 1 in a folder without its files.
if [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then
  cd /
fi
exec "$@"
