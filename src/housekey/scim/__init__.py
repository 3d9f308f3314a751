"""SCIM 2.0 (RFC 7643, RFC 7644) as WSO2's clients speak it: parse, ask one operation, write the answer."""
