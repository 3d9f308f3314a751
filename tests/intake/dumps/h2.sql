INSERT INTO "PUBLIC"."UM_USER"("UM_ID", "UM_USER_ID", "UM_USER_NAME", "UM_USER_PASSWORD", "UM_SALT_VALUE", "UM_REQUIRE_CHANGE", "UM_CHANGED_TIME", "UM_TENANT_ID") VALUES
(1, 'f0-', 'mei', 'HASH', 'SALT', FALSE, TIMESTAMP '2020-01-01 00:00:00', -1234),
(2, 'f1-', 'o''neil', 'plain', NULL, TRUE, TIMESTAMP '2020-01-01', -1234), (3, 'f2-', 'other', 'x', NULL, FALSE, NULL, 1);
INSERT INTO PUBLIC.UM_USER_ATTRIBUTE(UM_ID, UM_ATTR_NAME, UM_ATTR_VALUE, UM_PROFILE_ID, UM_USER_ID, UM_TENANT_ID) VALUES
(1, 'mail', 'mei@example.com', 'default', 1, -1234), (2, 'givenName', STRINGDECODE('A''d\u005cm'), 'default', 2, -1234),
(3, 'accountLock', 'true', 'default', 2, -1234); -- end