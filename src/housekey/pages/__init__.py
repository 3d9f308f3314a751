"""The pages a person with a mail in her hand meets: sign-in, set password, dead links, My Account.

One dispatcher decides the next page from stored state; steps never route to one another.
"""
