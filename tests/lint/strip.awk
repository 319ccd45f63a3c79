# SPDX-License-Identifier: Apache-2.0
# C without comments and without what stands in literals; as many lines as before. The state ends
# with each file.
FNR == 1 { inside = 0 }
{
	out = ""
	for (i = 1; i <= length($0); i++) {
		c = substr($0, i, 1)
		two = substr($0, i, 2)
		if (inside) {
			if (two == "*/") { inside = 0; i++ }
		} else if (quote != "") {
			if (c == "\\") i++
			else if (c == quote) { quote = ""; out = out c }
		} else if (two == "/*") {
			inside = 1; i++
			out = out " "
		} else if (c == "\"" || c == "'") {
			quote = c
			out = out c
		} else {
			out = out c
		}
	}
	quote = ""
	print FILENAME ":" FNR ":" out
}
