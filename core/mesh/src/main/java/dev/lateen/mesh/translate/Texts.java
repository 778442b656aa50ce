package dev.lateen.mesh.translate;

import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;

/** Values of security rules: exact, {@code *} for anything but nothing, {@code prefix*}, {@code *suffix}. */
final class Texts {
    private Texts() {}

    /** @param before what every text begins with, which the value leaves out */
    static StringMatcher of(String value, String before, boolean ignoreCase) {
        if (value.equals("*")) {
            return regex(".+");
        }
        StringMatcher.Builder matcher = StringMatcher.newBuilder().setIgnoreCase(ignoreCase);
        if (value.startsWith("*")) {
            String suffix = value.substring(1);
            return before.isEmpty() ? matcher.setSuffix(suffix).build() : regex(quote(before) + ".*" + quote(suffix));
        }
        if (value.endsWith("*")) {
            return matcher.setPrefix(before + value.substring(0, value.length() - 1))
                    .build();
        }
        return matcher.setExact(before + value).build();
    }

    static StringMatcher regex(String regex) {
        return StringMatcher.newBuilder()
                .setSafeRegex(RegexMatcher.newBuilder().setRegex(regex))
                .build();
    }

    static String quote(String text) {
        return com.google.re2j.Pattern.quote(text);
    }
}
