"""The console: what administrators and help-desk staff work in all day. Reads and writes through operations only."""
