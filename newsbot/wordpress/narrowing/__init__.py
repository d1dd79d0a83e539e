"""The part of a site to which a crawl is limited: a section, a tag, an author, words, one article."""
