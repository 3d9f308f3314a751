"""Real parts that tests are run against: a database server, a mail server, the product itself as a child process."""
