package trace

// What the model writes. Pictures stand with the longer before those that they begin or end with, so that the first that fits
// is the whole character.
var (
	subjects = []string{
		"Ada", "Grete", "the kettle", "our neighbour", "Noor", "the early train", "somebody", "the café at the corner", "José",
	}
	names    = []string{"Ada", "Grete", "Noor", "José"}
	verbs    = []string{"brings", "forgot", "is looking for", "asked about", "promised", "repairs", "writes down", "talks about"}
	objects  = []string{"the blue folder", "two loaves of bread", "a plan for the garden", "the crème brûlée", "the minutes", "a better name", "the spare key", "three questions"}
	times    = []string{"before nine", "at noon", "on Thursday", "after the rain", "as always", "for the second time"}
	adverbs  = []string{"quietly", "really", "almost", "perhaps", "gladly", "nearly", "certainly", "soon"}
	snippets = []string{
		"> Whoever comes first opens the windows.\n",
		"Shopping:\n- oats\n- apples 🍎🍏\n- coffee ☕\n",
		"| day | who |\n|---|---|\n| Mo | Ada |\n| Tu | Noor |\n",
		"naïve, nai\u0308ve and 日本語, שלום\n",
	}
	pictures = []string{
		"👩‍🔬", "👨‍👩‍👧‍👦", "👍🏽", "🇳🇱", "❤️", "😀", "😁", "🎉", "🌧️", "🍎", "🍏", "👋", "🔬", "👦", "👍", "☕",
	}
)
