// Package metrics shows the counters of the switch to Prometheus, on HTTP.
//
// It knows no counter: at each scrape it asks a Source, which reads them where
// they lie and emits samples. Nothing is counted twice, nothing is kept between
// scrapes but the descriptions of the series, and no scrape means no cost. The
// time of a scrape is that of the Source plus about 2 µs a series.
//
// Scrapes never meet the polling threads: a Source reads what threads publish.
package metrics

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// Source emits the present value of every series. It is asked once a scrape,
// by one goroutine at a time.
type Source interface {
	Collect(emit func(Sample))
}

// Sample is one value of one series. Help and Kind must be the same for all
// samples of a name, and so must the names of the labels, in the same order.
// Labels may be reused when emit returns.
type Sample struct {
	Name   string // "pollux_" and then snake_case; counters end with _total
	Help   string
	Kind   Kind
	Value  float64
	Labels []Label
}

// Label tells series of one name apart.
type Label struct{ Name, Value string }

// Kind says how a value moves.
type Kind int

const (
	Counter Kind = iota // only grows, until a restart
	Gauge               // goes up and down
)

// collector turns samples into what client_golang serves. It describes nothing
// in advance, because which series there are changes with the ports.
type collector struct {
	source Source

	mu    sync.Mutex
	descs map[string]*prometheus.Desc // by name and names of labels
}

func newCollector(source Source) *collector {
	return &collector{source: source, descs: map[string]*prometheus.Desc{}}
}

func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect passes a sample that cannot be served on as an error, so that the
// rest of the scrape is good and the mistake is in the log.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.source.Collect(func(s Sample) {
		m, err := c.metric(s)
		if err != nil {
			m = prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(err), err)
		}
		out <- m
	})
}

func (c *collector) metric(s Sample) (prometheus.Metric, error) {
	values := make([]string, len(s.Labels))
	var key strings.Builder
	key.WriteString(s.Name)
	for i, l := range s.Labels {
		values[i] = strings.ToValidUTF8(l.Value, "\uFFFD")
		key.WriteByte(' ')
		key.WriteString(l.Name)
	}
	desc := c.descs[key.String()]
	if desc == nil {
		if !validName(s.Name) {
			return nil, fmt.Errorf("emit metric %q: a name must begin with pollux_ and be snake_case", s.Name)
		}
		labels := make([]string, len(s.Labels))
		for i, l := range s.Labels {
			labels[i] = l.Name
		}
		desc = prometheus.NewDesc(s.Name, s.Help, labels, nil)
		c.descs[key.String()] = desc
	}
	kind := prometheus.CounterValue
	if s.Kind == Gauge {
		kind = prometheus.GaugeValue
	}
	m, err := prometheus.NewConstMetric(desc, kind, s.Value, values...)
	if err != nil {
		return nil, fmt.Errorf("emit metric %s: %w", s.Name, err)
	}
	return m, nil
}

var nameForm = regexp.MustCompile(`^pollux(_[a-z0-9]+)+$`)

func validName(name string) bool { return nameForm.MatchString(name) }
