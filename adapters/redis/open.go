package redis

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	neturl "net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"github.com/alicebob/miniredis/v2"
	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
	gopherlua "github.com/yuin/gopher-lua"
)

// Options are what a Store can be given.
type Options struct {
	// Installation keeps several bots apart in one Redis: letters, digits and
	// . _ -. Empty: main.
	Installation string
	Log          *slog.Logger // nil: slog.Default()
}

// Open connects to the Redis that a URL names, in one of these forms:
//
//	redis://[user:password@]host:port[/db]
//	redis+sentinel://[user:password@]host:port,host:port/master[/db]
//	redis+cluster://[user:password@]host:port,host:port
//
// With rediss instead of redis, every connection uses TLS. Behind a ? may stand
//
//	timeout=3s           to connect, and for each answer: 10ms to 1m
//	replicas=1           how many replicas a durable step waits for; 0 by itself
//	ca=, cert=, key=     files, PEM, for TLS
//	sentinel_user=, sentinel_password=
//
// Open refuses a server that would throw records away when it is full, and one
// that the URL's form does not fit. [Store.Check] tells what else is amiss. No
// error contains the URL or a password.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	a, err := parse(url)
	if err != nil {
		return nil, fmt.Errorf("redis url: %w", err)
	}
	s, err := newStore(a, o)
	if err != nil {
		return nil, err
	}
	if err := s.suits(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("open redis at %s: %w", a, err)
	}
	return s, nil
}

// The Redis inside the process makes a new Lua machine for each script, with
// stacks that it clears first: a hundred kilobytes, of which ours need hardly one.
func init() {
	gopherlua.RegistrySize = 1024 // values: what one call of a script's functions inside one another may hold
	gopherlua.CallStackSize = 64  // calls inside one another
}

// Embedded starts a Redis inside the process, reachable from nowhere else.
// What it stores ends with Close.
func Embedded(o Options) (*Store, error) {
	server := miniredis.NewMiniRedis()
	a := address{hosts: []string{"embedded"}, timeout: patient}
	a.dial = func(context.Context, string, string) (net.Conn, error) { return server.Dial() }
	s, err := newStore(a, o)
	if err != nil {
		return nil, err
	}
	s.server = server
	return s, nil
}

var installationName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

func newStore(a address, o Options) (*Store, error) {
	if o.Installation == "" {
		o.Installation = "main"
	}
	if !installationName.MatchString(o.Installation) {
		return nil, fmt.Errorf("installation %q has other characters than letters, digits and . _ -", o.Installation)
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	// What fails comes back as an error; the client's own log would tell it again.
	logging.Disable()
	keys := newKeys(o.Installation)
	l := a.connect(keys.confirmed())
	l.log = o.Log
	return &Store{reader: reader{db: l.front, keys: keys}, link: l}, nil
}

// An address is what a URL says.
type address struct {
	form     form
	secure   bool     // over TLS
	hosts    []string // host:port; several only for Sentinel and Cluster
	master   string   // for Sentinel
	db       int
	user     string
	password string

	sentinelUser     string
	sentinelPassword string

	timeout  time.Duration
	replicas int
	dial     func(ctx context.Context, network, addr string) (net.Conn, error)
}

// A form is a way to run Redis.
type form int

const (
	standalone form = iota
	sentinel
	cluster
)

const defaultTimeout = 3 * time.Second

// patient is the same for the Redis inside the process: that is never away, at
// most slow.
const patient = time.Minute

// forms are the schemes, in the order in which an error lists them.
var forms = []struct {
	scheme string
	form   form
	secure bool
}{
	{"redis", standalone, false},
	{"rediss", standalone, true},
	{"redis+sentinel", sentinel, false},
	{"rediss+sentinel", sentinel, true},
	{"redis+cluster", cluster, false},
	{"rediss+cluster", cluster, true},
}

// errEscape is for a URL of which nothing may be quoted: what looks like a host
// or a setting can be the rest of a password.
var errEscape = errors.New("it is not SCHEME://[user:password@]host:port; special characters in a password are written like %40")

// String is safe to show: it names neither user nor password.
func (a address) String() string {
	hosts := strings.Join(a.hosts, ",")
	if a.form == sentinel {
		return a.master + " of sentinels " + hosts
	}
	return hosts
}

// parse does not use [neturl.Parse], which refuses more than one host and
// quotes in its errors what it does not understand.
func parse(url string) (address, error) {
	a := address{timeout: defaultTimeout}
	scheme, rest, found := strings.Cut(url, "://")
	known := false
	for _, f := range forms {
		if found && f.scheme == scheme {
			a.form, a.secure, known = f.form, f.secure, true
		}
	}
	if !known {
		return a, errors.New("its scheme is none of redis, rediss, redis+sentinel, rediss+sentinel, redis+cluster, rediss+cluster")
	}
	rest, query, _ := strings.Cut(rest, "?")
	authority, path, _ := strings.Cut(rest, "/")
	if strings.ContainsAny(path+query, "@#") {
		return a, errEscape
	}
	if at := strings.LastIndex(authority, "@"); at >= 0 {
		if err := a.credentials(authority[:at]); err != nil {
			return a, err
		}
		authority = authority[at+1:]
	}
	for host := range strings.SplitSeq(authority, ",") {
		if err := a.host(host); err != nil {
			return a, err
		}
	}
	if a.form == standalone && len(a.hosts) > 1 {
		return a, errors.New("several hosts need redis+sentinel:// or redis+cluster://")
	}
	if err := a.path(path); err != nil {
		return a, err
	}
	return a, a.settings(query)
}

var printable = regexp.MustCompile(`^[!-~]*$`)

func (a *address) credentials(text string) error {
	user, password, both := strings.Cut(text, ":")
	if !both || password == "" {
		return errors.New("it names a user without a password; write user:password@, or :password@ for the default user")
	}
	if !printable.MatchString(text) || strings.ContainsAny(text, "@#") {
		return errEscape
	}
	var bad [2]error
	a.user, bad[0] = neturl.PathUnescape(user)
	a.password, bad[1] = neturl.PathUnescape(password)
	if bad[0] != nil || bad[1] != nil {
		return errEscape
	}
	return nil
}

var hostName = regexp.MustCompile(`^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?$`)

func (a *address) host(text string) error {
	found := hostName.FindStringSubmatch(text)
	if found == nil {
		return errEscape
	}
	port := cmp.Or(found[2], "6379")
	if found[2] == "" && a.form == sentinel {
		port = "26379"
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return errEscape
	}
	a.hosts = append(a.hosts, net.JoinHostPort(strings.Trim(found[1], "[]"), port))
	return nil
}

var masterName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

func (a *address) path(path string) error {
	db := strings.TrimSuffix(path, "/")
	switch a.form {
	case sentinel:
		a.master, db, _ = strings.Cut(db, "/")
		if !masterName.MatchString(a.master) {
			return errors.New("it names no master; write redis+sentinel://host:port/master, with the name that the sentinels know")
		}
	case cluster:
		if db != "" && db != "0" {
			return errors.New("a cluster has no databases; leave out what follows the hosts")
		}
	}
	if db == "" {
		return nil
	}
	n, err := strconv.Atoi(db)
	if err != nil || n < 0 {
		return errors.New("its database is not a number from 0")
	}
	a.db = n
	return nil
}

// settings reads what stands behind the ?. No value is quoted.
func (a *address) settings(query string) error {
	values, err := neturl.ParseQuery(query)
	if err != nil {
		return errEscape
	}
	known := []string{"timeout", "replicas", "ca", "cert", "key", "sentinel_user", "sentinel_password"}
	for key, value := range values {
		if !slices.Contains(known, key) {
			nearest := slices.MinFunc(known, func(x, y string) int {
				return levenshtein.ComputeDistance(key, x) - levenshtein.ComputeDistance(key, y)
			})
			if !regexp.MustCompile(`^[a-z_]{1,20}$`).MatchString(key) {
				return fmt.Errorf("it has an unknown setting; the nearest is %s", nearest)
			}
			return fmt.Errorf("it has an unknown setting %s; the nearest is %s", key, nearest)
		}
		switch {
		case len(value) > 1:
			return fmt.Errorf("%s is set twice", key)
		case value[0] == "":
			return fmt.Errorf("%s is empty; leave it out", key)
		case strings.HasPrefix(key, "sentinel_") && a.form != sentinel:
			return fmt.Errorf("%s needs redis+sentinel://", key)
		case slices.Contains([]string{"ca", "cert", "key"}, key) && !a.secure:
			return fmt.Errorf("%s needs TLS: write rediss instead of redis", key)
		}
	}
	if values.Has("timeout") {
		a.timeout, err = time.ParseDuration(values.Get("timeout"))
		if err != nil || a.timeout < 10*time.Millisecond || a.timeout > time.Minute {
			return errors.New("timeout is not a time from 10ms to 1m, such as 3s")
		}
	}
	if values.Has("replicas") {
		a.replicas, err = strconv.Atoi(values.Get("replicas"))
		if err != nil || a.replicas < 0 {
			return errors.New("replicas is not a number from 0")
		}
	}
	a.sentinelUser, a.sentinelPassword = values.Get("sentinel_user"), values.Get("sentinel_password")
	if a.sentinelUser != "" && a.sentinelPassword == "" {
		return errors.New("sentinel_user needs sentinel_password")
	}
	dialer := &net.Dialer{Timeout: a.timeout, KeepAlive: time.Minute}
	a.dial = dialer.DialContext
	if a.secure {
		config, err := trust(values.Get("ca"), values.Get("cert"), values.Get("key"))
		if err != nil {
			return err
		}
		// The name that the certificate must bear is that of the address: what
		// sentinels and cluster nodes announce.
		a.dial = (&tls.Dialer{NetDialer: dialer, Config: config}).DialContext
	}
	return nil
}

// trust reads the files for TLS. Empty ca: the system's. Its errors name files,
// which are no secrets.
func trust(ca, cert, key string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca: %s holds no certificate in PEM", ca)
		}
	}
	if (cert == "") != (key == "") {
		return nil, errors.New("cert and key go together")
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("cert and key: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// connect makes clients, which connect when they are first used and again
// after each outage. A command whose answer was lost is never repeated behind
// our back (MaxRetries), and a context's end is heeded while waiting for an
// answer. confirmed is a key of the installation.
func (a address) connect(confirmed string) *link {
	l := &link{key: confirmed, replicas: a.replicas, patience: a.timeout / 2, takesOver: a.form != standalone}
	// Only Redis Enterprise sends these.
	quiet := &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	switch a.form {
	case sentinel:
		l.front = goredis.NewFailoverClient(&goredis.FailoverOptions{
			MasterName: a.master, SentinelAddrs: a.hosts,
			SentinelUsername: a.sentinelUser, SentinelPassword: a.sentinelPassword,
			Username: a.user, Password: a.password, DB: a.db,
			Dialer: a.dial, DialTimeout: a.timeout, DialerRetries: 1, ReadTimeout: a.timeout, WriteTimeout: a.timeout,
			MaxRetries: -1, ContextTimeoutEnabled: true, DisableIdentity: true,
		})
	case cluster:
		l.cluster = goredis.NewClusterClient(&goredis.ClusterOptions{
			Addrs:    a.hosts,
			Username: a.user, Password: a.password,
			Dialer: a.dial, DialTimeout: a.timeout, DialerRetries: 1, ReadTimeout: a.timeout, WriteTimeout: a.timeout,
			MaxRetries: -1, MaxRedirects: -1, ContextTimeoutEnabled: true, DisableIdentity: true,
			MaintNotificationsConfig: quiet,
		})
		// It connects to nothing: the hook sends all it is given to a node.
		l.front = goredis.NewClient(&goredis.Options{Addr: "cluster", MaxRetries: -1, MaintNotificationsConfig: quiet})
	default:
		l.front = goredis.NewClient(&goredis.Options{
			Addr: a.hosts[0], Username: a.user, Password: a.password, DB: a.db,
			Dialer: a.dial, DialTimeout: a.timeout, DialerRetries: 1, ReadTimeout: a.timeout, WriteTimeout: a.timeout,
			MaxRetries: -1, ContextTimeoutEnabled: true, DisableIdentity: true,
			MaintNotificationsConfig: quiet,
		})
	}
	l.front.AddHook(l)
	return l
}

// suits checks that the server answers, is what the URL says it is, and keeps
// what it is given. A server that does not let us look is taken as it is.
func (s *Store) suits(ctx context.Context) error {
	if err := s.db.Ping(ctx).Err(); err != nil {
		return explain(ctx, err)
	}
	f, err := s.facts(ctx)
	if err != nil {
		return explain(ctx, err)
	}
	switch mode := f.info["redis_mode"]; {
	case mode == "cluster" && s.link.cluster == nil:
		return errors.New("it is a node of a cluster; write redis+cluster://")
	case mode == "sentinel":
		return errors.New("it is a sentinel; write redis+sentinel://host:port/master")
	}
	if p := f.policy(); p != "" && p != "noeviction" {
		return fmt.Errorf("maxmemory-policy is %s and would lose tickets; set it to noeviction", p)
	}
	return nil
}

// A Warning is a fault of the Redis that Signpost runs on all the same.
type Warning struct {
	What string
	Mend string
}

// maxSkew is how far apart two clocks may be. Waits and due times are written
// by one replica of Signpost and read by another, so what matters is that all
// clocks agree; the server's is the one that each can compare with.
const maxSkew = 2 * time.Second

// Check looks at how the Redis is run: its version, whether it keeps what it is
// given, its replicas, and its clock, which now is compared with. The error is
// [spool.ErrUnavailable] or that of ctx.
func (s *Store) Check(ctx context.Context, now time.Time) ([]Warning, error) {
	began := time.Now()
	clock, err := s.db.Time(ctx).Result()
	took := time.Since(began)
	if err != nil && !refused(err) {
		return nil, fmt.Errorf("check redis: %w", explain(ctx, err))
	}
	var found []Warning
	warn := func(mend, what string, args ...any) {
		found = append(found, Warning{What: fmt.Sprintf(what, args...), Mend: mend})
	}
	if err != nil {
		warn("allow the user +time", "the server does not tell its time")
	} else if skew := now.Add(took / 2).Sub(clock).Abs(); skew > maxSkew+took/2 {
		warn("run NTP on both", "the clock is %s away from the server's", skew.Round(100*time.Millisecond))
	}
	if s.server != nil {
		warn("set redis.url", "nothing is kept when the process ends")
		return found, nil
	}
	f, err := s.facts(ctx)
	if err != nil {
		return nil, fmt.Errorf("check redis: %w", explain(ctx, err))
	}
	if f.config == nil {
		warn("allow the user +config|get", "the server does not tell its settings")
	}
	if f.config["appendfsync"] == "no" {
		warn("set appendfsync to everysec, or to always", "appendfsync is no: a power cut loses up to half a minute")
	}
	if f.info == nil {
		warn("allow the user +info", "the server tells neither its version nor what it keeps")
		return found, nil
	}
	if version := f.info["redis_version"]; f.info["valkey_version"] == "" && older(version, 7) {
		warn("upgrade to Redis 7 or Valkey 7.2", "its version is %s", version)
	}
	if f.info["aof_enabled"] == "0" {
		warn("set appendonly to yes", "it keeps no append-only file: a crash loses what came since its last snapshot")
	}
	if f.info["role"] == "slave" {
		warn("point redis.url at the master, or use redis+sentinel://", "it is a replica and takes no writes")
		return found, nil
	}
	replicas := 0
	for key, value := range f.info {
		if strings.HasPrefix(key, "slave") && strings.Contains(value, "state=online") {
			replicas++
		}
	}
	switch {
	case replicas < s.link.replicas:
		warn("start the replicas, or lower replicas in redis.url",
			"%d of %d replicas are there: no step is confirmed, and events are refused", replicas, s.link.replicas)
	case replicas == 0 && s.link.takesOver:
		warn("give the master a replica", "no replica would take over from the master")
	}
	return found, nil
}

// facts are what a server tells of itself: nil where the user may not ask.
type facts struct {
	info   map[string]string
	config map[string]string
}

func (s *Store) facts(ctx context.Context) (facts, error) {
	var f facts
	info, err := s.db.Info(ctx).Result()
	if err == nil {
		f.info = map[string]string{}
		for line := range strings.Lines(info) {
			if key, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
				f.info[key] = value
			}
		}
	} else if !refused(err) {
		return f, err
	}
	f.config = map[string]string{}
	for _, name := range []string{"maxmemory-policy", "appendfsync"} {
		values, err := s.db.ConfigGet(ctx, name).Result()
		switch {
		case err == nil:
			f.config[name] = values[name]
		case refused(err):
			f.config = nil
			return f, nil
		default:
			return f, err
		}
	}
	return f, nil
}

func (f facts) policy() string {
	return cmp.Or(f.config["maxmemory-policy"], f.info["maxmemory_policy"])
}

// refused tells that the user may not, or that the service has no such command.
func refused(err error) bool {
	return goredis.IsPermissionError(err) || goredis.HasErrorPrefix(err, "unknown command") ||
		goredis.HasErrorPrefix(err, "unknown subcommand")
}

// older tells whether a version comes before a major one. What is no version is
// taken as new enough.
func older(version string, major int) bool {
	first, _, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(first)
	return err == nil && n < major
}
