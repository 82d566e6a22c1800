"""What a GTFS timetable says of its stops."""
