"""Reading what a WSO2 Identity Server was configured with: XML, properties files, templates, claims, user stores.

Pure readers: text in, `report.Moved` out, every key with its file, its line and what becomes of it. Knows no file system, no
configuration and no database; those who do are `conf.moving` and `operations.moving`.
"""
