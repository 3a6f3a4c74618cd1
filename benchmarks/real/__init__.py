"""The product on real data: wallets that a community reported, public graphs with published
communities, and streams of posts.

`wallets`, `graphs` and `posts` each have measure(data), section(found) and figures(found). `data`
is a folder beside the project; nothing of it belongs to the project. Settings are the defaults:
where a file brings columns of its own, these are declared, and that is all.
"""
