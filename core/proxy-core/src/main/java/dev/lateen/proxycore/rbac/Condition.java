package dev.lateen.proxycore.rbac;

import dev.lateen.proxycore.Cidr;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.match.ClaimMatcher;
import dev.lateen.proxycore.match.HeaderMatcher;
import dev.lateen.proxycore.match.TextMatcher;
import dev.lateen.proxycore.tls.PeerCertificate;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A condition of a policy ({@code envoy.config.rbac.v3.Permission} and {@code Principal}). Its text says what is
 * wanted.
 */
sealed interface Condition {
    /** Whether it holds. */
    boolean holds(Access access);

    /** What stands there instead of what is wanted; to be asked when it does not hold. */
    String seen(Access access);

    /** The same with these questions answered, whatever the request is. */
    default Condition answered(Map<Question, Boolean> answers) {
        Question question = Question.of(this);
        Boolean answer = question == null ? null : answers.get(question);
        return answer == null ? this : answer ? new Always() : new Not(new Always());
    }

    /** All that it and its parts ask. */
    default void questions(Set<Question> into) {
        Question question = Question.of(this);
        if (question != null) {
            into.add(question);
        }
    }

    private static List<Condition> answered(List<Condition> parts, Map<Question, Boolean> answers) {
        return parts.stream().map(part -> part.answered(answers)).toList();
    }

    /** Why it does not hold, by the first part that does not, for people; null when it holds. */
    default @Nullable String whyNot(Access access) {
        return holds(access) ? null : this + " is wanted, seen is " + seen(access);
    }

    /** Every part holds. */
    record All(List<Condition> parts) implements Condition {
        @Override
        public Condition answered(Map<Question, Boolean> answers) {
            return new All(Condition.answered(parts, answers));
        }

        @Override
        public void questions(Set<Question> into) {
            parts.forEach(part -> part.questions(into));
        }

        @Override
        public boolean holds(Access access) {
            for (Condition part : parts) {
                if (!part.holds(access)) {
                    return false;
                }
            }
            return true;
        }

        @Override
        public String seen(Access access) {
            return parts.stream()
                    .filter(part -> !part.holds(access))
                    .findFirst()
                    .map(part -> part.seen(access))
                    .orElse("all of it");
        }

        @Override
        public @Nullable String whyNot(Access access) {
            for (Condition part : parts) {
                String why = part.whyNot(access);
                if (why != null) {
                    return why;
                }
            }
            return null;
        }

        @Override
        public String toString() {
            return parts.size() == 1 ? parts.getFirst().toString() : "all of " + parts;
        }
    }

    /** At least one part holds. */
    record Any(List<Condition> parts) implements Condition {
        @Override
        public Condition answered(Map<Question, Boolean> answers) {
            return new Any(Condition.answered(parts, answers));
        }

        @Override
        public void questions(Set<Question> into) {
            parts.forEach(part -> part.questions(into));
        }

        @Override
        public boolean holds(Access access) {
            for (Condition part : parts) {
                if (part.holds(access)) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public String seen(Access access) {
            return parts.getFirst().seen(access);
        }

        @Override
        public @Nullable String whyNot(Access access) {
            if (holds(access)) {
                return null;
            }
            return parts.size() == 1
                    ? parts.getFirst().whyNot(access)
                    : "one of " + parts + " is wanted, seen is " + seen(access);
        }

        @Override
        public String toString() {
            return parts.size() == 1 ? parts.getFirst().toString() : "one of " + parts;
        }
    }

    /** The part does not hold. */
    record Not(Condition part) implements Condition {
        @Override
        public Condition answered(Map<Question, Boolean> answers) {
            return new Not(part.answered(answers));
        }

        @Override
        public void questions(Set<Question> into) {
            part.questions(into);
        }

        @Override
        public boolean holds(Access access) {
            return !part.holds(access);
        }

        @Override
        public String seen(Access access) {
            return "it";
        }

        @Override
        public String toString() {
            return "not (" + part + ")";
        }
    }

    /** Holds always. */
    record Always() implements Condition {
        @Override
        public boolean holds(Access access) {
            return true;
        }

        @Override
        public String seen(Access access) {
            return "anything";
        }

        @Override
        public String toString() {
            return "anything";
        }
    }

    /** A header field or pseudo-header. */
    record Header(String name, HeaderMatcher matcher) implements Condition {
        @Override
        public boolean holds(Access access) {
            return access.head() != null && matcher.matches(access.head());
        }

        @Override
        public String seen(Access access) {
            RequestHead head = access.head();
            if (head == null) {
                return "a connection without requests";
            }
            if (name.startsWith(":")) {
                return "\"" + head.text(name) + "\"";
            }
            // Tokens stand in header fields: their values are nobody's business.
            return head.fields().contains(dev.lateen.proxycore.head.FieldName.of(name)) ? "another value" : "none";
        }

        @Override
        public String toString() {
            return "header " + name + (name.startsWith(":") ? " " + matcher.wanted() : " of a certain value");
        }
    }

    /** The path without its query. */
    record Path(TextMatcher matcher) implements Condition {
        @Override
        public boolean holds(Access access) {
            return access.head() != null && matcher.matches(bare(access.head().path()));
        }

        private static String bare(String path) {
            int end = path.indexOf('?');
            int fragment = path.indexOf('#');
            end = end < 0 || (fragment >= 0 && fragment < end) ? fragment : end;
            return end < 0 ? path : path.substring(0, end);
        }

        @Override
        public String seen(Access access) {
            return access.head() == null
                    ? "a connection without requests"
                    : "\"" + bare(access.head().path()) + "\"";
        }

        @Override
        public String toString() {
            return "path " + matcher;
        }
    }

    /** Where the connection was going. */
    record DestinationIp(Cidr range) implements Condition {
        @Override
        public boolean holds(Access access) {
            return range.contains(access.facts().destination().getAddress());
        }

        @Override
        public String seen(Access access) {
            return access.facts().destination().getAddress().getHostAddress();
        }

        @Override
        public String toString() {
            return "destination address in " + range;
        }
    }

    /** The port that the connection was going to, from the first up to, not with, the last. */
    record DestinationPort(int from, int to) implements Condition {
        @Override
        public boolean holds(Access access) {
            int port = access.facts().destination().getPort();
            return port >= from && port < to;
        }

        @Override
        public String seen(Access access) {
            return Integer.toString(access.facts().destination().getPort());
        }

        @Override
        public String toString() {
            return "port " + (to == from + 1 ? from : from + " to " + (to - 1));
        }
    }

    /** The name that the TLS client asked for. */
    record ServerName(TextMatcher matcher) implements Condition {
        @Override
        public boolean holds(Access access) {
            return matcher.matches(access.facts().serverName());
        }

        @Override
        public String seen(Access access) {
            return "\"" + access.facts().serverName() + "\"";
        }

        @Override
        public String toString() {
            return "server name " + matcher;
        }
    }

    /** The client has a certificate, with such a name where one is wanted. */
    record Authenticated(@Nullable TextMatcher matcher) implements Condition {
        @Override
        public boolean holds(Access access) {
            PeerCertificate peer = access.facts().peer();
            return peer != null
                    && (matcher == null || peer.principals().stream().anyMatch(matcher::matches));
        }

        @Override
        public String seen(Access access) {
            PeerCertificate peer = access.facts().peer();
            return peer == null ? "a client without a certificate" : String.join(", ", peer.principals());
        }

        @Override
        public String toString() {
            return "principal " + (matcher == null ? "of any name" : matcher);
        }
    }

    /** Where the connection comes from. */
    record PeerIp(Cidr range) implements Condition {
        @Override
        public boolean holds(Access access) {
            return range.contains(access.facts().source().getAddress());
        }

        @Override
        public String seen(Access access) {
            return access.facts().source().getAddress().getHostAddress();
        }

        @Override
        public String toString() {
            return "peer address in " + range;
        }
    }

    /** Where the request comes from, as proxies that are trusted tell it. */
    record ClientIp(Cidr range) implements Condition {
        @Override
        public boolean holds(Access access) {
            InetAddress client = access.client();
            return range.contains(client);
        }

        @Override
        public String seen(Access access) {
            return access.client().getHostAddress();
        }

        @Override
        public String toString() {
            return "client address in " + range;
        }
    }

    /** A claim of the token. */
    record Claim(ClaimMatcher matcher) implements Condition {
        @Override
        public boolean holds(Access access) {
            return matcher.matches(access.claims());
        }

        @Override
        public String seen(Access access) {
            return matcher.seen(access.claims());
        }

        @Override
        public String toString() {
            return matcher.toString();
        }
    }
}
