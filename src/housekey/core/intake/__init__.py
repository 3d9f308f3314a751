"""Files of people from other systems, read as streams: CSV, JSON lines, LDIF and WSO2's user tables.

Owns the four readers, which of them a file is for, and what the attributes of directories mean in a profile. Each reader yields one `Row`
for each person, good or not, and holds no more than that person in memory. It does not own what becomes of them (`operations.intake`).
"""
