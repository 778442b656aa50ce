package dev.lateen.proxycore.match;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import io.envoyproxy.envoy.type.v3.Int64Range;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A condition on one header field or pseudo-header, compiled from {@code envoy.config.route.v3.HeaderMatcher}, with its
 * meaning: several fields of one name count as one value joined by commas; a missing field fails every condition on
 * its value, an inverted one too, unless missing counts as empty.
 *
 * <p>Immutable and thread-safe.
 */
public final class HeaderMatcher {
    private static final HeaderMatcher[] NONE = {};

    private final HeaderRef header;
    private final @Nullable TextMatcher text;
    private final @Nullable Int64Range range;
    private final boolean wantPresent;
    private final boolean invert;
    private final boolean missingIsEmpty;

    private HeaderMatcher(
            HeaderRef header,
            @Nullable TextMatcher text,
            @Nullable Int64Range range,
            boolean wantPresent,
            boolean invert,
            boolean missingIsEmpty) {
        this.header = header;
        this.text = text;
        this.range = range;
        this.wantPresent = wantPresent;
        this.invert = invert;
        this.missingIsEmpty = missingIsEmpty;
    }

    @SuppressWarnings("deprecation") // control planes still send the older forms
    public static HeaderMatcher of(io.envoyproxy.envoy.config.route.v3.HeaderMatcher proto, Place at)
            throws CompileException {
        HeaderRef header = HeaderRef.of(proto.getName(), at.field("name"));
        TextMatcher text = null;
        Int64Range range = null;
        boolean wantPresent = true;
        switch (proto.getHeaderMatchSpecifierCase()) {
            case EXACT_MATCH -> text = TextMatcher.exact(proto.getExactMatch(), false);
            case PREFIX_MATCH -> text = TextMatcher.prefix(proto.getPrefixMatch(), false);
            case SUFFIX_MATCH -> text = TextMatcher.suffix(proto.getSuffixMatch(), false);
            case CONTAINS_MATCH -> text = TextMatcher.contains(proto.getContainsMatch(), false);
            case SAFE_REGEX_MATCH -> text = TextMatcher.regex(proto.getSafeRegexMatch(), at.field("safe_regex_match"));
            case STRING_MATCH -> text = TextMatcher.of(proto.getStringMatch(), at.field("string_match"));
            case RANGE_MATCH -> range = proto.getRangeMatch();
            case PRESENT_MATCH -> wantPresent = proto.getPresentMatch();
            case HEADERMATCHSPECIFIER_NOT_SET -> {}
        }
        return new HeaderMatcher(
                header, text, range, wantPresent, proto.getInvertMatch(), proto.getTreatMissingHeaderAsEmpty());
    }

    /** Compiles a list. */
    public static HeaderMatcher[] all(
            List<io.envoyproxy.envoy.config.route.v3.HeaderMatcher> protos, Place at, String field)
            throws CompileException {
        if (protos.isEmpty()) {
            return NONE;
        }
        List<HeaderMatcher> matchers = new ArrayList<>();
        for (int i = 0; i < protos.size(); i++) {
            matchers.add(of(protos.get(i), at.item(field, i)));
        }
        return matchers.toArray(NONE);
    }

    /** Whether the request meets the condition. */
    public boolean matches(RequestHead head) {
        return test(header.in(head));
    }

    /** Whether fields without pseudo-headers, such as a response's, meet the condition. */
    public boolean matches(Fields fields) {
        return test(header.in(fields));
    }

    private boolean test(@Nullable String found) {
        String value = found == null && missingIsEmpty ? "" : found;
        if (text == null && range == null) {
            return ((value != null) == wantPresent) != invert;
        }
        if (value == null) {
            return false;
        }
        return (text != null ? text.matches(value) : inRange(value)) != invert;
    }

    private boolean inRange(String value) {
        if (range == null || value.isEmpty() || value.length() > 20 || value.charAt(0) == '+') {
            return false;
        }
        try {
            long number = Long.parseLong(value);
            return number >= range.getStart() && number < range.getEnd();
        } catch (NumberFormatException e) {
            return false; // text that is no number is in no range
        }
    }

    /** What is wanted, for people: {@code exactly "GET"}. */
    public String wanted() {
        if (text == null && range == null) {
            return wantPresent == invert ? "missing" : "present";
        }
        return (invert ? "not " : "") + (text != null ? text : "in [" + start() + ", " + end() + ")");
    }

    /** Why a value does not meet the condition, for people: {@code header "end-user" is not exactly "jason"}. */
    public String whyNot(@Nullable String found) {
        String is = found == null ? "missing" : "\"" + found + "\"";
        String subject = "header " + header + " is " + is;
        if (text == null && range == null) {
            return subject + ", must be " + (wantPresent == invert ? "missing" : "present");
        }
        return subject + ", must " + (invert ? "not " : "") + "be "
                + (text != null ? text : "in [" + start() + ", " + end() + ")");
    }

    /** {@link #whyNot(String)} for what this request carries. */
    public String whyNot(RequestHead head) {
        return whyNot(header.in(head));
    }

    private long start() {
        return range == null ? 0 : range.getStart();
    }

    private long end() {
        return range == null ? 0 : range.getEnd();
    }

    /** A header field or pseudo-header by name, looked up without making names at request time. */
    public static final class HeaderRef {
        private final String name;
        private final @Nullable FieldName field;

        private HeaderRef(String name, @Nullable FieldName field) {
            this.name = name;
            this.field = field;
        }

        public static HeaderRef of(String name, Place at) throws CompileException {
            String lower = name.toLowerCase(Locale.ROOT);
            return switch (lower) {
                case ":method", ":scheme", ":authority", ":path", ":protocol", ":status" -> new HeaderRef(lower, null);
                case "host" -> new HeaderRef(":authority", null);
                default -> {
                    if (!FieldName.isToken(lower)) {
                        throw at.refuse("not a header field name: \"" + name + "\"");
                    }
                    yield new HeaderRef(lower, FieldName.of(lower));
                }
            };
        }

        /** The lower-case name. */
        public String name() {
            return name;
        }

        /** The value in a request, or null when there is none. */
        public @Nullable String in(RequestHead head) {
            if (field != null) {
                return head.fields().joined(field);
            }
            String value = head.text(name);
            // Missing: the authority of HTTP/1.0 without Host, the path of CONNECT, all of what was no request.
            return value == null || value.isEmpty() ? null : value;
        }

        /** The value among fields; pseudo-headers are never there. */
        public @Nullable String in(Fields fields) {
            return field == null ? null : fields.joined(field);
        }

        @Override
        public String toString() {
            return "\"" + name + "\"";
        }
    }
}
