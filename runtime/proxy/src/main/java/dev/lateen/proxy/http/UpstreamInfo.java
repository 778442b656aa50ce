package dev.lateen.proxy.http;

import dev.lateen.proxy.tls.ConnectionTls;
import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.format.Operator;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What logs know of where a request, or a connection that is only passed on, goes. One event loop. */
public final class UpstreamInfo {
    private String cluster = "";
    private @Nullable Host host;
    /** Those before the last; null while there is none. */
    private @Nullable List<Host> earlier;

    private @Nullable Channel channel;
    private String failure = "";
    private int attempts;

    /** It goes to this cluster, or to none where the name is empty. */
    public void cluster(String name) {
        cluster = name;
    }

    /** The cluster's name, or empty. */
    public String cluster() {
        return cluster;
    }

    /** It is sent to this host. */
    public void attempt(Host next) {
        Host before = host;
        if (before != null) {
            if (earlier == null) {
                earlier = new ArrayList<>(2);
            }
            earlier.add(before);
        }
        host = next;
        channel = null;
        attempts++;
    }

    /** The last host; null before the first try. */
    public @Nullable Host host() {
        return host;
    }

    /** How often it was sent. */
    public int attempts() {
        return attempts;
    }

    /** The try has this connection. */
    public void connected(Channel connection) {
        channel = connection;
    }

    @Nullable
    Channel channel() {
        return channel;
    }

    /** Why there is no connection, for people. */
    public void failed(String reason) {
        failure = reason;
    }

    /** The operator's value; null when it is not known, or none of the upstream's. */
    @Nullable
    String value(Operator operator, String argument) {
        Channel connection = channel;
        return switch (operator) {
            case UPSTREAM_CLUSTER, UPSTREAM_CLUSTER_RAW -> cluster.isEmpty() ? null : ByteText.of(cluster);
            case UPSTREAM_REQUEST_ATTEMPT_COUNT -> Integer.toString(attempts);
            case UPSTREAM_TRANSPORT_FAILURE_REASON -> failure.isEmpty() ? null : ByteText.of(failure.replace(' ', '_'));
            case UPSTREAM_HOST -> host == null ? null : address(host);
            case UPSTREAM_HOST_NAME -> host == null ? null : name(host);
            case UPSTREAM_HOST_NAME_WITHOUT_PORT -> host == null ? null : Addresses.withoutPort(name(host));
            case UPSTREAM_HOSTS_ATTEMPTED -> tried(UpstreamInfo::address);
            case UPSTREAM_HOSTS_ATTEMPTED_WITHOUT_PORT -> tried(each -> Addresses.withoutPort(address(each)));
            case UPSTREAM_HOST_NAMES_ATTEMPTED -> tried(UpstreamInfo::name);
            case UPSTREAM_HOST_NAMES_ATTEMPTED_WITHOUT_PORT -> tried(each -> Addresses.withoutPort(name(each)));
            case UPSTREAM_REMOTE_ADDRESS -> Addresses.text(remote());
            case UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT -> Addresses.bare(remote(), argument);
            case UPSTREAM_REMOTE_PORT -> Addresses.port(remote());
            case UPSTREAM_LOCAL_ADDRESS -> Addresses.text(local());
            case UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT -> Addresses.bare(local(), argument);
            case UPSTREAM_LOCAL_PORT -> Addresses.port(local());
            case UPSTREAM_CONNECTION_ID -> connection == null ? null : Long.toString(ConnectionInfo.id(connection));
            default ->
                connection == null || !operator.isUpstream()
                        ? null
                        : TlsFormat.value(ConnectionTls.of(connection), operator, argument);
        };
    }

    /** The endpoint, once there is a connection to it. */
    private @Nullable InetSocketAddress remote() {
        return channel == null || host == null ? null : host.address();
    }

    private @Nullable InetSocketAddress local() {
        return channel != null && channel.localAddress() instanceof InetSocketAddress address ? address : null;
    }

    private @Nullable String tried(Function<Host, String> text) {
        Host last = host;
        if (last == null) {
            return null;
        }
        List<String> all = new ArrayList<>();
        if (earlier != null) {
            earlier.forEach(each -> all.add(text.apply(each)));
        }
        all.add(text.apply(last));
        return String.join(",", all);
    }

    private static String address(Host host) {
        return host.toString();
    }

    private static String name(Host host) {
        String name = host.endpoint().hostname();
        return name.isEmpty() ? address(host) : ByteText.of(name);
    }
}
