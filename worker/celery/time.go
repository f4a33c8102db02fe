package celery

import (
	"fmt"
	"time"
)

// timeLayouts are what Celery's worker reads as ISO 8601: a date, a time to the minute or better, and a zone or none,
// with anything between date and time. Of the separators there are the usual two.
var timeLayouts = []string{
	"2006-01-02T15:04:05.999999999Z07:00",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02T15:04Z07:00",
	"2006-01-02T15:04",
	"2006-01-02",
}

// ParseTime reads a time of a message's header. One without a zone is taken as UTC.
func ParseTime(text string) (time.Time, error) {
	normal := text
	if len(text) > 10 && text[10] == ' ' {
		normal = text[:10] + "T" + text[11:]
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, normal); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time, expected one like 2030-01-02T03:04:05.678901+00:00", text)
}

// FormatTime writes a time as Python's isoformat does, to the microsecond, with the offset of its zone.
func FormatTime(t time.Time) string {
	t = t.Truncate(time.Microsecond)
	if t.Nanosecond() == 0 {
		return t.Format("2006-01-02T15:04:05-07:00")
	}
	return t.Format("2006-01-02T15:04:05.000000-07:00")
}

func timeOrNil(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return FormatTime(t)
}

// secondsOrNil is a limit as Celery has it: a number of seconds, whole ones without a point.
func secondsOrNil(d time.Duration) any {
	switch {
	case d <= 0:
		return nil
	case d%time.Second == 0:
		return int64(d / time.Second)
	default:
		return d.Seconds()
	}
}
