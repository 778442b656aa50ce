package dev.lateen.proxy.http;

import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.format.Operator;
import dev.lateen.proxycore.tls.PeerCertificate;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What lines of access logs say about a downstream connection, whatever it carries. */
public final class ConnectionFormat {
    private static final DateTimeFormatter MILLIS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter LOCAL_MILLIS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSxxx").withZone(ZoneId.systemDefault());

    private ConnectionFormat() {}

    /**
     * The operator's value, or null when it is not known.
     *
     * @param clock is asked only where a line says when it is written
     * @param host the endpoint
     * @param from where the connection to it begins
     */
    public static @Nullable String value(
            ConnectionFacts facts,
            Instant started,
            InstantSource clock,
            @Nullable Host host,
            @Nullable InetSocketAddress from,
            Operator operator,
            String argument) {
        return switch (operator) {
            case START_TIME -> moment(started, argument, MILLIS);
            case START_TIME_LOCAL -> moment(started, argument, LOCAL_MILLIS);
            case EMIT_TIME -> moment(clock.instant(), argument, MILLIS);
            case EMIT_TIME_LOCAL -> moment(clock.instant(), argument, LOCAL_MILLIS);
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
            default -> upstream(host, from, operator);
        };
    }

    private static String moment(Instant moment, String argument, DateTimeFormatter otherwise) {
        return argument.equals(FormatContext.PRECISE) ? moment.toString() : otherwise.format(moment);
    }

    /**
     * What lines say about the endpoint.
     *
     * @param from where its connection begins
     */
    private static @Nullable String upstream(@Nullable Host host, @Nullable InetSocketAddress from, Operator operator) {
        InetSocketAddress to = host == null ? null : host.address();
        return switch (operator) {
            case UPSTREAM_HOST, UPSTREAM_REMOTE_ADDRESS -> to == null ? null : text(to);
            case UPSTREAM_REMOTE_PORT -> to == null ? null : Integer.toString(to.getPort());
            case UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT ->
                to == null ? null : to.getAddress().getHostAddress();
            case UPSTREAM_HOST_NAME ->
                host == null
                        ? null
                        : host.endpoint().hostname().isEmpty()
                                ? text(host.address())
                                : host.endpoint().hostname();
            case UPSTREAM_LOCAL_ADDRESS -> from == null ? null : text(from);
            case UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT ->
                from == null ? null : from.getAddress().getHostAddress();
            case UPSTREAM_LOCAL_PORT -> from == null ? null : Integer.toString(from.getPort());
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
