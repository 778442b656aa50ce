package dev.lateen.proxycore.rbac;

import dev.lateen.proxycore.Cidr;
import dev.lateen.proxycore.match.ClaimMatcher;
import dev.lateen.proxycore.match.HeaderMatcher;
import dev.lateen.proxycore.match.TextMatcher;
import org.jspecify.annotations.Nullable;

/**
 * What a condition asks of a request: whether something of it is as wanted. Questions that are equal have equal answers.
 *
 * @param subject what is looked at: one of the constants here, or {@link #HEADER} or {@link #CLAIM} followed by a name
 * @param wanted what is wanted; not for people, since values of header fields stand there
 */
public record Question(String subject, String wanted) {
    public static final String METHOD = "method";
    public static final String HOST = "host";
    public static final String PATH = "path";
    /** Followed by the field's name in lower case. */
    public static final String HEADER = "header ";
    /** Followed by the claim's name; of one inside another both names with a dot between them. */
    public static final String CLAIM = "claim ";
    /** The name in the client's certificate. */
    public static final String PRINCIPAL = "principal";
    /** The other end of the connection. */
    public static final String PEER_ADDRESS = "peer address";
    /** The client, as proxies that are trusted tell it. */
    public static final String CLIENT_ADDRESS = "client address";

    public static final String DESTINATION_ADDRESS = "destination address";
    public static final String DESTINATION_PORT = "destination port";
    public static final String SERVER_NAME = "server name";

    /** What a condition asks by itself; null when it asks nothing, or its parts do. */
    static @Nullable Question of(Condition condition) {
        return switch (condition) {
            case Condition.Header(String name, HeaderMatcher matcher) -> new Question(header(name), matcher.wanted());
            case Condition.Path(TextMatcher matcher) -> new Question(PATH, matcher.toString());
            case Condition.DestinationIp(Cidr range) -> new Question(DESTINATION_ADDRESS, range.toString());
            case Condition.DestinationPort(int from, int to) -> new Question(DESTINATION_PORT, from + "-" + to);
            case Condition.ServerName(TextMatcher matcher) -> new Question(SERVER_NAME, matcher.toString());
            case Condition.Authenticated(var matcher) -> new Question(PRINCIPAL, String.valueOf(matcher));
            case Condition.PeerIp(Cidr range) -> new Question(PEER_ADDRESS, range.toString());
            case Condition.ClientIp(Cidr range) -> new Question(CLIENT_ADDRESS, range.toString());
            case Condition.Claim(ClaimMatcher matcher) -> new Question(CLAIM + matcher.name(), matcher.wanted());
            case Condition.All _, Condition.Any _, Condition.Not _, Condition.Always _ -> null;
        };
    }

    private static String header(String name) {
        return switch (name) {
            case ":method" -> METHOD;
            case ":authority", "host" -> HOST;
            case ":path" -> PATH;
            default -> HEADER + name;
        };
    }

    /** The subject: the wanted value may be nobody's business. */
    @Override
    public String toString() {
        return subject;
    }
}
