package dev.lateen.proxy.net;

import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import org.jspecify.annotations.Nullable;

/**
 * When a connection to an endpoint was made, in the nanoseconds of {@link System#nanoTime}.
 *
 * @param secured when its handshake was done; 0 without one
 */
public record ConnectTimes(long begun, long connected, long secured) {
    private static final AttributeKey<ConnectTimes> KEY = AttributeKey.valueOf(ConnectTimes.class, "times");

    /** Of a connection; null where nobody noted them. */
    public static @Nullable ConnectTimes of(Channel connection) {
        return connection.attr(KEY).get();
    }

    /** The connection was begun then and stands now. */
    public static void connected(Channel connection, long begun) {
        connection.attr(KEY).set(new ConnectTimes(begun, System.nanoTime(), 0));
    }

    /** Its handshake is done now. */
    public static void secured(Channel connection) {
        ConnectTimes times = of(connection);
        if (times != null) {
            connection.attr(KEY).set(new ConnectTimes(times.begun(), times.connected(), System.nanoTime()));
        }
    }
}
