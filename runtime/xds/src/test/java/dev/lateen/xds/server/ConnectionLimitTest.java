package dev.lateen.xds.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ConnectionLimitTest {
    private int refused;
    private final EmbeddedChannel listening = new EmbeddedChannel(new ConnectionLimit(4, 2, () -> refused++));

    /** A connection from an address. */
    private static final class Connection extends EmbeddedChannel {
        private final SocketAddress from;

        Connection(String from) {
            this.from = new InetSocketAddress(InetAddress.ofLiteral(from), 40_000);
        }

        @Override
        protected SocketAddress remoteAddress0() {
            return from;
        }
    }

    /** Whether it was let in; it is open then. */
    private boolean isLetIn(Channel connection) {
        listening.writeInbound(connection);
        boolean in = listening.<Object>readInbound() != null;
        assertThat(connection.isOpen()).isEqualTo(in);
        return in;
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
        10.0.0.1 10.0.0.1                             | yes yes
        10.0.0.1 10.0.0.1 10.0.0.1 10.0.0.2           | yes yes no yes
        10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5  | yes yes yes yes no
        127.0.0.1 127.0.0.1 127.0.0.1                 | yes yes yes
        ::1 ::1 ::1 127.0.0.1 127.0.0.1               | yes yes yes yes no
        fd00::1 fd00::1 fd00::1                       | yes yes no
        """)
    void howManyAreLetIn(String from, String expected) {
        List<String> in = new ArrayList<>();
        for (String address : from.split(" ")) {
            in.add(isLetIn(new Connection(address)) ? "yes" : "no");
        }
        assertThat(in).isEqualTo(Arrays.asList(expected.split(" ")));
        assertThat(refused).isEqualTo(in.stream().filter("no"::equals).count());
    }

    @Test
    void oneThatEndsMakesRoomForAnother() {
        Connection first = new Connection("10.0.0.1");
        assertThat(isLetIn(first)).isTrue();
        assertThat(isLetIn(new Connection("10.0.0.1"))).isTrue();
        assertThat(isLetIn(new Connection("10.0.0.1"))).isFalse();
        var _ = first.close().syncUninterruptibly();
        assertThat(isLetIn(new Connection("10.0.0.1"))).isTrue();
        assertThat(isLetIn(new Connection("10.0.0.1"))).isFalse();
    }
}
