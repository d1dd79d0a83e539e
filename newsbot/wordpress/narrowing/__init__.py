"""The part of a site that a crawl was asked for: a section, a tag, an author, words, one article."""
