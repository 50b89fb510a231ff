package model

// Hash is the content hash of a document: two polynomials over its elements, side by side in 53 bits.
func Hash(doc []any) uint64 {
	return polynomial(doc, 67108859, 31415927)<<26 + polynomial(doc, 67108837, 27182819)
}

func polynomial(doc []any, p, b uint64) uint64 {
	var values []uint64
	for _, e := range elements(doc) {
		v := uint64(e.unit) + 1
		if e.embed != nil {
			v = 65537 + bytesHash(append(Encode(e.embed[0]), Encode(e.embed[1])...), p, b)
		}
		var attrs []byte
		for _, x := range attrList(e.attrs) {
			attrs = append(attrs, Encode(x)...)
		}
		values = append(values, (v+bytesHash(attrs, p, b))%p)
	}
	return powerSum(values, p, b)
}

func bytesHash(data []byte, p, b uint64) uint64 {
	values := make([]uint64, len(data))
	for i, x := range data {
		values[i] = uint64(x) + 1
	}
	return powerSum(values, p, b)
}

// powerSum is Σ values[i]·b^(len−1−i) mod p.
func powerSum(values []uint64, p, b uint64) uint64 {
	sum, power := uint64(0), uint64(1)
	for i := len(values) - 1; i >= 0; i-- {
		sum = (sum + values[i]*power) % p
		power = power * b % p
	}
	return sum
}
