// Package helpcentre brings the articles of a help centre into a folder of
// Markdown files: from a sitemap, from Zendesk and Intercom, from CSV and from
// Markdown written elsewhere.
//
// A [Source] lists articles and fetches them, through a Client that is polite
// and lets nobody lead it astray. An Importer turns them into files, and changes
// only what has changed.
//
// A [LinkChecker] asks whether the pages are there that articles lead to.
package helpcentre
