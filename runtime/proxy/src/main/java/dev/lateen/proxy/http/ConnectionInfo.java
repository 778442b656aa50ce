package dev.lateen.proxy.http;

import dev.lateen.proxy.tls.ConnectionTls;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.ConnectionFaults;
import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.ResponseFlag;
import dev.lateen.proxycore.format.Operator;
import dev.lateen.proxycore.tls.PeerCertificate;
import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What logs know of a downstream connection, whatever it carries: its own lines, and those of what is passed on over it,
 * tell the same of it. One event loop.
 */
public final class ConnectionInfo {
    private static final AtomicLong LAST_ID = new AtomicLong();
    private static final AttributeKey<Long> ID = AttributeKey.valueOf(ConnectionInfo.class, "id");
    private static final @Nullable String HOSTNAME = hostname();

    private final HttpService service;
    private final Channel channel;
    private final Instant started;
    private final long startedNanos;
    private final UpstreamInfo upstream = new UpstreamInfo();
    private ConnectionFacts facts;
    private String chain = "";
    private String transportFailure = "";
    private @Nullable String termination;
    private @Nullable String streamId;
    private long securedNanos;
    private @Nullable Fault fault;
    private long flags;

    /** It has just been accepted. */
    public ConnectionInfo(HttpService service, Channel channel, ConnectionFacts facts) {
        this.service = service;
        this.channel = channel;
        this.facts = facts;
        started = service.clock().instant();
        startedNanos = service.worker().timer().nanoTime();
    }

    /** A number of this connection, to either side, that no other has while the process lives. */
    static long id(Channel connection) {
        Long known = connection.attr(ID).get();
        if (known == null) {
            known = LAST_ID.incrementAndGet();
            connection.attr(ID).set(known);
        }
        return known;
    }

    HttpService service() {
        return service;
    }

    /** Its facts as they are known now. */
    public ConnectionFacts facts() {
        return facts;
    }

    /** Where the client wanted to go; null where that is the proxy's own socket, to which it would come back. */
    public @Nullable InetSocketAddress dialled() {
        return facts.destination().equals(channel.localAddress()) ? null : facts.destination();
    }

    /** More is known of it. */
    public void know(ConnectionFacts now) {
        facts = now;
    }

    /** It is handled by the chain of this name. */
    public void chain(String name) {
        chain = name;
    }

    /** The handshake of TLS is done. */
    public void secured(ConnectionFacts now) {
        facts = now;
        securedNanos = service.worker().timer().nanoTime();
    }

    /** It came to no handshake of TLS, for this reason. */
    public void unsecured(String reason) {
        transportFailure = reason;
        fault(ConnectionFaults.unsecured(reason));
    }

    /** Why it ends. */
    public void fault(Fault why) {
        fault = why.ofConnection();
        ResponseFlag flag = why.flag();
        if (flag != null) {
            flags |= flag.bit();
        }
    }

    /** Who is to blame that it leads to nobody; null while it leads to someone. */
    @Nullable
    Fault fault() {
        return fault;
    }

    /** This proxy ended it, in Envoy's words. */
    public void terminated(String why) {
        termination = why;
    }

    /** Its {@link ResponseFlag} bits. */
    public long flags() {
        return flags;
    }

    /** Where it is passed on to as a whole. */
    public UpstreamInfo upstream() {
        return upstream;
    }

    /** How long ago it was accepted. */
    public long millis() {
        return nanos() / 1_000_000;
    }

    private long nanos() {
        return service.worker().timer().nanoTime() - startedNanos;
    }

    /** The operator's value for the connection itself, or null when it is not known. */
    public @Nullable String value(Operator operator, String argument) {
        return switch (operator) {
            case START_TIME -> Moments.text(started, argument, false);
            case START_TIME_LOCAL -> Moments.text(started, argument, true);
            case RESPONSE_FLAGS -> ResponseFlag.shortNames(flags);
            case RESPONSE_FLAGS_LONG -> ResponseFlag.longNames(flags);
            case DURATION -> Long.toString(millis());
            case CONNECTION_TERMINATION_DETAILS -> termination;
            case DOWNSTREAM_HANDSHAKE_DURATION ->
                securedNanos == 0 ? null : Long.toString((securedNanos - startedNanos) / 1_000_000);
            case DOWNSTREAM_TRANSPORT_FAILURE_REASON ->
                transportFailure.isEmpty() ? null : transportFailure.replace(' ', '_');
            case COMMON_DURATION ->
                new TimePoints(startedNanos)
                        .end(service.worker().timer().nanoTime())
                        .upstream(upstream.channel())
                        .between(argument);
            case STREAM_ID -> streamId();
            default -> {
                String toEndpoint = upstream.value(operator, argument);
                yield toEndpoint != null ? toEndpoint : shared(operator, argument);
            }
        };
    }

    /** The operator's value that the connection and every request on it have in common. */
    @Nullable
    String shared(Operator operator, String argument) {
        return switch (operator) {
            case EMIT_TIME -> Moments.text(service.clock().instant(), argument, false);
            case EMIT_TIME_LOCAL -> Moments.text(service.clock().instant(), argument, true);
            case RESPONSE_CODE,
                    BYTES_RETRANSMITTED,
                    PACKETS_RETRANSMITTED,
                    REQUEST_HEADERS_BYTES,
                    RESPONSE_HEADERS_BYTES,
                    RESPONSE_TRAILERS_BYTES,
                    UPSTREAM_CONNECTION_ID -> "0";
            case CUSTOM_FLAGS, LOCAL_REPLY_BODY -> "";
            case REQUESTED_SERVER_NAME -> facts.serverName().isEmpty() ? null : facts.serverName();
            case FILTER_CHAIN_NAME -> chain.isEmpty() ? null : chain;
            case CONNECTION_ID -> Long.toString(id(channel));
            case UNIQUE_ID -> service.uuid();
            case HOSTNAME -> HOSTNAME;
            case ENVIRONMENT -> Objects.requireNonNullElse(System.getenv(argument), "-"); // a value, as Envoy has it
            case DOWNSTREAM_PEER_URI_SAN -> names(facts.peer(), PeerCertificate::uris);
            case DOWNSTREAM_PEER_DNS_SAN -> names(facts.peer(), PeerCertificate::dnsNames);
            case DOWNSTREAM_PEER_SUBJECT -> names(facts.peer(), peer -> List.of(peer.subject()));
            case DOWNSTREAM_PEER_FINGERPRINT_256 -> names(facts.peer(), peer -> List.of(peer.sha256()));
            default -> {
                String address = address(operator, argument);
                yield address != null ? address : TlsFormat.value(ConnectionTls.of(channel), operator, argument);
            }
        };
    }

    private @Nullable String address(Operator operator, String argument) {
        return switch (operator) {
            case DOWNSTREAM_REMOTE_ADDRESS -> Addresses.text(facts.source());
            case DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT -> Addresses.bare(facts.source(), argument);
            case DOWNSTREAM_REMOTE_PORT -> Addresses.port(facts.source());
            case DOWNSTREAM_LOCAL_ADDRESS -> Addresses.text(facts.destination());
            case DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT -> Addresses.bare(facts.destination(), argument);
            case DOWNSTREAM_LOCAL_PORT -> Addresses.port(facts.destination());
            case DOWNSTREAM_DIRECT_REMOTE_ADDRESS -> Addresses.text(remote());
            case DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT -> Addresses.bare(remote(), argument);
            case DOWNSTREAM_DIRECT_REMOTE_PORT -> Addresses.port(remote());
            case DOWNSTREAM_DIRECT_LOCAL_ADDRESS -> Addresses.text(local());
            case DOWNSTREAM_DIRECT_LOCAL_ADDRESS_WITHOUT_PORT -> Addresses.bare(local(), argument);
            case DOWNSTREAM_DIRECT_LOCAL_PORT -> Addresses.port(local());
            default -> null;
        };
    }

    /** The socket's own addresses, whatever a load balancer or the pod's nat rules tell. */
    private @Nullable InetSocketAddress remote() {
        return channel.remoteAddress() instanceof InetSocketAddress address ? address : facts.source();
    }

    private @Nullable InetSocketAddress local() {
        return channel.localAddress() instanceof InetSocketAddress address ? address : facts.destination();
    }

    private String streamId() {
        String known = streamId;
        if (known == null) {
            known = service.uuid();
            streamId = known;
        }
        return known;
    }

    private static @Nullable String names(
            @Nullable PeerCertificate peer, Function<PeerCertificate, List<String>> names) {
        String text = peer == null ? "" : String.join(",", names.apply(peer));
        return text.isEmpty() ? null : text;
    }

    /** The pod's name where there is one, else the machine's. */
    private static @Nullable String hostname() {
        String ofPod = System.getenv("HOSTNAME");
        try {
            return ofPod != null
                    ? ofPod
                    : Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
        } catch (IOException e) {
            return null; // a line says that it is not known
        }
    }
}
