package erlang_test

import (
	"math"
	"testing"

	"github.com/minirabbit/minirabbit/internal/erlang"
	"github.com/minirabbit/minirabbit/wire"
)

// The expected values are what erlang:phash2/1 of OTP 25 answers; it promises them to every release.

func TestHashValue(t *testing.T) {
	tests := []struct {
		name  string
		value any
		want  uint32
	}{
		{"empty binary", "", 13708901},
		{"1 byte", "a", 112802447},
		{"3 bytes", "abc", 98228475},
		{"8 bytes", "abcdefgh", 72227102},
		{"9 bytes", "abcdefghi", 74573224},
		{"11 bytes", "abcdefghijk", 96993671},
		{"12 bytes", "abcdefghijkl", 15432855},
		{"13 bytes", "abcdefghijklm", 11441572},
		{"43 bytes", "the quick brown fox jumps over the lazy dog", 20447861},
		{"high bytes", []byte{255, 0, 128}, 70739353},
		{"0", int32(0), 88723725},
		{"1", int8(1), 2614250},
		{"-1", int16(-1), 44071773},
		{"255", uint8(255), 44734653},
		{"-128", int8(-128), 63553696},
		{"2^27-1", uint32(1<<27 - 1), 112602999},
		{"2^27", int32(1 << 27), 12354923},
		{"-2^27", int32(-1 << 27), 69672967},
		{"-2^27-1", int64(-1<<27 - 1), 76739502},
		{"2^32", int64(1 << 32), 95057355},
		{"-2^40", int64(-1 << 40), 48180921},
		{"2^59-1", int64(1<<59 - 1), 27520264},
		{"2^59", int64(1 << 59), 26969617},
		{"-2^59", int64(-1 << 59), 35173814},
		{"-2^59-1", int64(-1<<59 - 1), 36462311},
		{"2^63-1", int64(math.MaxInt64), 28179613},
		{"-2^63", int64(math.MinInt64), 126213383},
		{"2^64-1", wire.Timestamp(math.MaxUint64), 53435350},
		{"0.0", 0.0, 20875736},
		{"-0.0", math.Copysign(0, -1), 20875736},
		{"1.0", float32(1), 77147068},
		{"0.1", 0.1, 114238079},
		{"-1.0e100", -1e100, 53418960},
		{"undefined", nil, 45914356},
		{"true", true, 506293},
		{"false", false, 7111573},
		{"empty array", wire.Array{}, 113427502},
		{"empty table", wire.Table(nil), 113427502},
		{"array", wire.Array{"a"}, 21877881},
		{"table", wire.Table{{Key: "k", Value: "v"}}, 8768580},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var hash erlang.Hash
			hash.Value(test.value)
			if got := hash.Sum(); got != test.want {
				t.Errorf("Hash of %v = %d, want %d", test.value, got, test.want)
			}
		})
	}
}

func TestHashTyped(t *testing.T) {
	tests := []struct {
		name  string
		value any
		want  uint32
	}{
		{"longstr", "abc", 101716503},
		{"signedint", int32(5), 40839585},
		{"void", nil, 27077197},
		{"table", wire.Table{{Key: "k", Value: "v"}, {Key: "n", Value: wire.Table{}}}, 45425403},
		{"array", wire.Array{"a", int32(1), wire.Array{}}, 58639783},
		{"empty array", wire.Array{}, 86211673},
		{"decimal", wire.Decimal{Scale: 2, Value: 314}, 113508173},
		{"bool", true, 32030443},
		{"timestamp", wire.Timestamp(1700000000), 59280699},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var hash erlang.Hash
			hash.Typed(test.value)
			if got := hash.Sum(); got != test.want {
				t.Errorf("Hash of %v = %d, want %d", test.value, got, test.want)
			}
		})
	}
}
