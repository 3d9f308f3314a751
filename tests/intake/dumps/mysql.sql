-- MySQL dump
CREATE TABLE `UM_USER` (`UM_ID` int, `x` varchar(9) DEFAULT 'a;b');
INSERT INTO `UM_USER` VALUES (1,'mei','HASH','SALT',0,'2020-01-01 00:00:00',-1234),(2,'o\'neil','plain',NULL,1,'x',-1234),(3,'other','x',NULL,0,'x',1);
/*!40000 ALTER TABLE `UM_USER` ENABLE KEYS */;
INSERT INTO `UM_USER_ATTRIBUTE` VALUES (1,'mail','mei@example.com','default',1,-1234),(2,'givenName','A''d\\m','default',2,-1234),(3,'accountLock','true','default',2,-1234);
