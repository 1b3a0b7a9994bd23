package knowledge

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// A Linked is an address that articles lead to, and from where they do.
type Linked struct {
	URL      string // without a fragment
	Mentions []Mention
}

// A Mention is where an article leads to an address.
type Mention struct {
	Article *Article
	Line    int    // of its file; 0 if unknown
	Anchor  string // the place on the page; empty: the page as a whole
	Own     bool   // it is the article's own page, to which answers lead
}

// Links lists where articles lead: to their own pages, there to the sections that
// have an anchor, and to the links in their texts. Each address is there once,
// those of own pages first.
func Links(articles []*Article) []Linked {
	at := map[string]int{}
	var list []Linked
	add := func(address string, m Mention) {
		u, err := url.Parse(address)
		if err != nil {
			return
		}
		m.Anchor = placeOnPage(cmp.Or(m.Anchor, u.Fragment))
		u.Fragment, u.RawFragment = "", ""
		key := u.String()
		i, known := at[key]
		if !known {
			i = len(list)
			at[key], list = i, append(list, Linked{URL: key})
		}
		if !slices.Contains(list[i].Mentions, m) {
			list[i].Mentions = append(list[i].Mentions, m)
		}
	}
	for _, a := range articles {
		add(a.URL, Mention{Article: a, Own: true})
		for _, s := range a.Sections {
			if s.Anchor != "" {
				add(a.URL, Mention{Article: a, Anchor: s.Anchor, Own: true})
			}
		}
	}
	for _, a := range articles {
		for _, link := range a.Links {
			add(link.URL, Mention{Article: a, Line: link.Line})
		}
	}
	return list
}

// placeOnPage is a fragment that names a place, and not the state of a program in
// the page, nor words to mark.
func placeOnPage(fragment string) string {
	fragment, _, _ = strings.Cut(fragment, ":~:")
	if strings.ContainsAny(fragment, "/!=&") || fragment == "top" {
		return ""
	}
	return fragment
}

// Anchors are the places on the page that articles lead to, each once.
func (l Linked) Anchors() (anchors []string) {
	for _, m := range l.Mentions {
		if m.Anchor != "" && !slices.Contains(anchors, m.Anchor) {
			anchors = append(anchors, m.Anchor)
		}
	}
	return anchors
}
