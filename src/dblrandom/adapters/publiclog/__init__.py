"""The agency's log on disk: the log's own folder, its witnesses' memory, and its audit."""
