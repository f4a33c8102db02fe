package erlang_test

import (
	"math"
	"testing"

	"github.com/minirabbit/minirabbit/internal/erlang"
)

// The expected values are what rand:uniform_s/1 of OTP 25 answers after rand:seed_s(exs1024, {K, K, K}): the 1st, 2nd,
// 15th to 18th and 20th number, the ring of 16 words having come round.
func TestExs1024Uniform(t *testing.T) {
	minusOne := int64(-1)
	tests := []struct {
		name string
		key  uint64
		want []float64
	}{
		{"0", 0, []float64{0.2942322177448042, 0.9893093436811865, 0.027659823651014, 0.49574985222705037, 0.225402088446772, 0.26203699566207067, 0.4299701222437003}},
		{"1", 1, []float64{0.35999833001572473, 0.921588541205717, 0.8537942097703584, 0.39052759976521684, 0.8394314325140888, 0.6220492088419738, 0.7528043018823615}},
		{"a hash", 98228475, []float64{0.8210255459420612, 0.41053316450726096, 0.3225135118215848, 0.7490052432816717, 0.14722239006230528, 0.39435168430616496, 0.5258845523435302}},
		{"-1", uint64(minusOne), []float64{0.4039370416875439, 0.49694845280790284, 0.6396163816992346, 0.4015481135633138, 0.26805251867882257, 0.36525054303996135, 0.7390018311717018}},
		{"2^63-1", math.MaxInt64, []float64{0.4039370416875439, 0.49694845280790284, 0.6396163816992346, 0.4015481135633138, 0.26805251867882257, 0.36525054303996135, 0.7390018311717018}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			generator := erlang.NewExs1024(test.key)
			var got []float64
			for i := 1; i <= 20; i++ {
				number := generator.Uniform()
				if i <= 2 || i >= 15 && i <= 18 || i == 20 {
					got = append(got, number)
				}
			}
			for i := range test.want {
				if got[i] != test.want[i] {
					t.Errorf("numbers = %v, want %v", got, test.want)
					break
				}
			}
		})
	}
}
