package config

import "time"

// Default is the configuration when nothing is set: the built-in articles and
// one desk, tickets in memory. `signpost chat` needs no more.
func Default() Config {
	return Config{
		Installation: "main",
		Knowledge:    Knowledge{Rescan: time.Minute},
		Languages:    []string{"en", "pt-BR", "es"},
		Audiences: []Audience{
			{Name: "buyer", Label: map[string]string{"en": "Buyer", "pt-BR": "Comprador", "es": "Comprador"}},
			{Name: "creator", Label: map[string]string{"en": "Creator", "pt-BR": "Produtor", "es": "Productor"}},
			{Name: "affiliate", Label: map[string]string{"en": "Affiliate", "pt-BR": "Afiliado", "es": "Afiliado"}},
		},
		Answers:  Answers{Articles: 3},
		Desks:    []Desk{{Name: "support", ShowNames: "name"}},
		Escalate: Escalate{Misses: 2},
		Resolve:  Resolve{Grace: 48 * time.Hour},
		Log:      Log{Level: "info", Format: "text"},
	}
}
