package knowledge

import (
	"fmt"
	"slices"
	"strings"
)

const (
	// fairShare is from which share of all articles on a language is taken to be
	// meant to have them all, so that each that is missing is named.
	fairShare = 0.5
	// manyMissing is from how many on they are counted instead.
	manyMissing = 20
)

// reviewLanguages looks for articles that a language lacks.
func (l *Library) reviewLanguages() (list []Finding) {
	if len(l.rules.Languages) < 2 {
		return nil
	}
	var ids []ArticleID
	for _, a := range l.loaded {
		if len(ids) == 0 || ids[len(ids)-1] != a.ID {
			ids = append(ids, a.ID)
		}
	}
	lacking := map[ArticleID][]string{} // languages that are meant to have all
	for _, lang := range l.rules.Languages {
		var missing []ArticleID
		for _, id := range ids {
			if !slices.ContainsFunc(versionsOf(l.loaded, id), func(a *Article) bool { return a.Lang == lang }) {
				missing = append(missing, id)
			}
		}
		has := len(ids) - len(missing)
		switch {
		case len(missing) == 0:
		case has == 0:
			list = append(list, Finding{Kind: NoLanguage, Hurts: 1,
				Says: fmt.Sprintf("No article is in %s, which the configuration names: write some, or remove it there.", lang)})
		case float64(has) < fairShare*float64(len(ids)), len(missing) > manyMissing:
			var files []string
			for _, id := range missing {
				files = append(files, versionsOf(l.loaded, id)[0].File)
			}
			list = append(list, Finding{Kind: NoLanguage, Also: files, Hurts: 0.9,
				Says: fmt.Sprintf("%s has %s of %s articles; who asks in it is shown the others in another language.", lang, thousands(has), thousands(len(ids)))})
		default:
			for _, id := range missing {
				lacking[id] = append(lacking[id], string(lang))
			}
		}
	}
	for id, langs := range lacking {
		versions := versionsOf(l.loaded, id)
		a := versions[bestVersion(versions, l.rules.Languages)]
		list = append(list, Finding{Kind: NoLanguage, File: a.File, Hurts: float64(len(langs)) / float64(len(l.rules.Languages)) / 2,
			Says: fmt.Sprintf("%s is not in %s.", inQuotes(a.Title), some(langs))})
	}
	return list
}

// reviewReaders looks for audiences and topics that are named, and have nothing
// or hardly anything to read.
func (l *Library) reviewReaders() (list []Finding) {
	nothing := func(hurts float64, format string, args ...any) {
		list = append(list, Finding{Kind: NoArticle, Hurts: hurts, Says: fmt.Sprintf(format, args...)})
	}
	count := map[string]map[Lang]int{} // by audience
	langs := map[Lang]int{}
	topics := map[string]map[ArticleID]bool{}
	for _, a := range l.loaded {
		langs[a.Lang]++
		for _, name := range a.Audiences {
			if count[name] == nil {
				count[name] = map[Lang]int{}
			}
			count[name][a.Lang]++
		}
		if topics[a.Topic] == nil {
			topics[a.Topic] = map[ArticleID]bool{}
		}
		topics[a.Topic][a.ID] = true
	}
	for _, audience := range l.rules.Audiences {
		if len(count[audience.Name]) == 0 {
			nothing(1, "No article is for %s.", audience.Name)
			continue
		}
		for _, lang := range l.rules.Languages {
			if langs[lang] > 0 && count[audience.Name][lang] == 0 {
				nothing(0.8, "No article for %s is in %s, where others have %s.", audience.Name, lang, thousands(langs[lang]))
			}
		}
	}
	for _, name := range l.rules.Topics {
		if len(topics[name]) == 0 {
			nothing(0.6, "No article is on the topic %s.", name)
		}
	}
	var single []string
	for name, ids := range topics {
		if len(ids) == 1 {
			single = append(single, name)
		}
	}
	slices.Sort(single)
	switch n := len(single); {
	case n == len(topics) || n == 0:
	case n == 1:
		nothing(0.1, "The topic %s has one article; browsing is easier with few topics of several.", single[0])
	default:
		nothing(0.1, "%d topics have one article each: %s. Browsing is easier with few topics of several.", n, strings.Join(single, ", "))
	}
	return list
}
