package dev.lateen.proxy.http;

import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.format.Operator;
import dev.lateen.proxycore.tls.PeerCertificate;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What lines of access logs say about a downstream connection, whatever it carries. */
public final class ConnectionFormat {
    private static final DateTimeFormatter MILLIS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private ConnectionFormat() {}

    /** The operator's value, or null when it is not known or does not concern the connection. */
    public static @Nullable String value(ConnectionFacts facts, Instant started, Operator operator, String argument) {
        return switch (operator) {
            case START_TIME -> MILLIS.format(started.truncatedTo(ChronoUnit.MILLIS));
            case DOWNSTREAM_REMOTE_ADDRESS, DOWNSTREAM_DIRECT_REMOTE_ADDRESS -> text(facts.source());
            case DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT, DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT ->
                facts.source().getAddress().getHostAddress();
            case DOWNSTREAM_REMOTE_PORT, DOWNSTREAM_DIRECT_REMOTE_PORT ->
                Integer.toString(facts.source().getPort());
            case DOWNSTREAM_LOCAL_ADDRESS -> text(facts.destination());
            case DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT ->
                facts.destination().getAddress().getHostAddress();
            case DOWNSTREAM_LOCAL_PORT -> Integer.toString(facts.destination().getPort());
            case REQUESTED_SERVER_NAME -> facts.serverName().isEmpty() ? null : facts.serverName();
            case DOWNSTREAM_PEER_URI_SAN -> names(facts.peer(), PeerCertificate::uris);
            case DOWNSTREAM_PEER_DNS_SAN -> names(facts.peer(), PeerCertificate::dnsNames);
            case DOWNSTREAM_PEER_SUBJECT -> names(facts.peer(), peer -> List.of(peer.subject()));
            case DOWNSTREAM_PEER_FINGERPRINT_256 -> names(facts.peer(), peer -> List.of(peer.sha256()));
            case HOSTNAME -> System.getenv("HOSTNAME");
            case ENVIRONMENT -> System.getenv(argument);
            default -> null;
        };
    }

    private static @Nullable String names(
            @Nullable PeerCertificate peer, Function<PeerCertificate, List<String>> names) {
        String text = peer == null ? "" : String.join(",", names.apply(peer));
        return text.isEmpty() ? null : text;
    }

    /** An address as Envoy writes it. */
    public static String text(InetSocketAddress address) {
        return Host.addressText(address);
    }
}
