"""The REST door: WSO2's REST APIs, the OpenAPI document that describes them, and the page that shows it.

Owns paths, bodies, error bodies and which scope each route needs. Decides nothing: every view asks one operation.
SCIM, SOAP and OAuth are doors of their own; of the last, only the description stands here.
"""
