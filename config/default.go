package config

import "time"

const day = 24 * time.Hour

// Default is the configuration when nothing is set: the built-in articles and
// one desk, no Redis. `signpost chat` needs no more.
func Default() Config {
	return Config{
		Installation: "main",
		Knowledge:    Knowledge{Rescan: time.Minute, Meaning: true, Embedder: Embedder{Timeout: 300 * time.Millisecond}},
		Languages:    []string{"en", "pt-BR", "es"},
		Audiences: []Audience{
			{Name: "buyer", Label: map[string]string{"en": "Buyer", "pt-BR": "Comprador", "es": "Comprador"}},
			{Name: "creator", Label: map[string]string{"en": "Creator", "pt-BR": "Produtor", "es": "Productor"}},
			{Name: "affiliate", Label: map[string]string{"en": "Affiliate", "pt-BR": "Afiliado", "es": "Afiliado"}},
		},
		Answers:   Answers{Articles: 3},
		Desks:     []Desk{{Name: "support", ShowNames: "name", Assign: "claim", Report: Report{Time: "09:00"}}},
		Drafts:    Drafts{Keep: 90 * day},
		Slack:     Slack{Mode: "socket", AgentView: true},
		Discord:   Discord{Mode: "gateway", Answers: "reply"},
		Retention: Retention{Conversations: 30 * day, Receipts: 30 * day, DeadLetters: 90 * day, Ledger: 180 * day, Audit: 400 * day},
		Overheard: Overheard{Wait: 30 * time.Second, MaxAge: 15 * time.Minute},
		Escalate:  Escalate{Misses: 2, NudgeAfter: 10 * time.Minute},
		Resolve:   Resolve{Grace: 48 * time.Hour},
		Web:       Web{Listen: "127.0.0.1:8080"},
		Log:       Log{Level: "info", Format: "text"},
	}
}
