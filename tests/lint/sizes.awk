# SPDX-License-Identifier: Apache-2.0
# Lengths of files and functions. A function is what lies between "{" and "}" in the first column
# when the line above it ends a parameter list, its head included.
function file_end() {
	if (lines > max_file)
		print file ":" lines ": " lines " lines, at most " max_file ": give a noun of it a file of its own [size]"
}
FNR == 1 { if (file != "") file_end(); file = FILENAME; head = 0; start = 0 }
{ lines = FNR }
!start && /^[A-Za-z_]/ && !/;$/ { head = FNR; name = $0 }
/^\{/ && head { start = head }
/^\}/ {
	if (start && FNR - start + 1 > max_function)
		print FILENAME ":" start ": function of " FNR - start + 1 " lines, at most " max_function ": " substr(name, 1, 60) " [size]"
	start = 0
	head = 0
}
END { if (file != "") file_end() }
