SET standard_conforming_strings = on;
COPY public.um_user (um_id, um_user_name, um_user_password, um_salt_value, um_require_change, um_changed_time, um_tenant_id) FROM stdin;
1	mei	HASH	SALT	f	2020-01-01	-1234
2	o'neil	plain	\N	t	2020-01-01	-1234
3	other	x	\N	f	2020-01-01	1
\.

INSERT INTO public.um_user_attribute (um_id, um_attr_name, um_attr_value, um_profile_id, um_user_id, um_tenant_id) VALUES (1, 'mail', 'mei@example.com', 'default', 1, -1234), (2, 'givenName', 'A''d\m', 'default', 2, -1234), (3, 'accountLock', 'true', 'default', 2, -1234);
