"""SOAP 1.1 and 1.2 as WSO2's admin services speak it (reference 5): read an envelope, ask one operation, write the answer.

Owns the envelope, the WSDL and two services: `UserProfileMgtService` and `RemoteUserStoreManagerService`. Owns no rule about users
and no claim: those are `core` and `operations`. Recovery over SOAP is absent on purpose (CVE-2024-6914).
"""
