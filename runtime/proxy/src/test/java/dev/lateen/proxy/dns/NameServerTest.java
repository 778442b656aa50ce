package dev.lateen.proxy.dns;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import dev.lateen.proxy.net.Sockets;
import dev.lateen.proxy.net.Transport;
import dev.lateen.xds.client.ResourceUpdate;
import io.netty.channel.EventLoopGroup;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The server on real sockets, beside a resolver that answers everything with 192.0.2.9. */
class NameServerTest {
    private static final HexFormat HEX = HexFormat.of();
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
    /** Table of a.b with 1.2.3.4. */
    private static final String TABLE = "0a10 0a03612e62 12090a07312e322e332e34";

    private final EventLoopGroup group = Transport.best().newGroup(1, "dns");
    private DatagramSocket resolver;
    private NameServer server;

    @BeforeEach
    void start() throws Exception {
        resolver = new DatagramSocket(0, LOOPBACK);
        var _ = Thread.ofVirtual().start(this::resolve);
        ResolverFile file = new ResolverFile(
                List.of(new InetSocketAddress(LOOPBACK, resolver.getLocalPort())), List.of("shop.svc.cluster.local"));
        server = NameServer.start(Sockets.plain(), group, 0, "shop.svc.cluster.local", file, new Random(1));
        server.onUpdate(new ResourceUpdate(
                NameServer.TYPE,
                List.of(new ResourceUpdate.Resource(
                        "",
                        "1",
                        Any.newBuilder()
                                .setValue(ByteString.copyFrom(hex(TABLE)))
                                .build())),
                List.of()));
    }

    @AfterEach
    void stop() {
        server.close();
        resolver.close();
        Transport.shutdown(group);
    }

    private void resolve() {
        byte[] bytes = new byte[512];
        try {
            while (!resolver.isClosed()) {
                DatagramPacket packet = new DatagramPacket(bytes, bytes.length);
                resolver.receive(packet);
                byte[] query = Arrays.copyOf(bytes, packet.getLength());
                Question question = Question.of(query);
                if (question != null) {
                    byte[] answer = Answer.of(query, question, "", List.of(hex("c0000209")), 512);
                    resolver.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
                }
            }
        } catch (java.io.IOException e) {
            assertThat(resolver.isClosed()).isTrue();
        }
    }

    private static byte[] hex(String text) {
        return HEX.parseHex(text.replace(" ", ""));
    }

    private static byte[] query(String label, String type) {
        return hex("beef 0100 0001 0000 0000 0000" + label + "00" + type + "0001");
    }

    private byte[] udp(byte[] query) throws Exception {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.setSoTimeout(20_000);
            socket.send(new DatagramPacket(query, query.length, LOOPBACK, server.port()));
            DatagramPacket answer = new DatagramPacket(new byte[4096], 4096);
            socket.receive(answer);
            return Arrays.copyOf(answer.getData(), answer.getLength());
        }
    }

    private byte[] tcp(byte[] query) throws Exception {
        try (Socket socket = new Socket(LOOPBACK, server.port())) {
            socket.setSoTimeout(20_000);
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            out.writeShort(query.length);
            out.write(query);
            out.flush();
            DataInputStream in = new DataInputStream(socket.getInputStream());
            return in.readNBytes(in.readUnsignedShort());
        }
    }

    @Test
    void names_of_the_mesh_are_answered_over_both() throws Exception {
        for (byte[] answer : List.of(udp(query("0161 0162", "0001")), tcp(query("0161 0162", "0001")))) {
            assertThat(HEX.formatHex(answer)).startsWith("beef8580").endsWith("000401020304");
        }
    }

    @Test
    void a_known_name_without_an_address_of_the_type_has_none() throws Exception {
        assertThat(HEX.formatHex(udp(query("0161 0162", "001c")))).startsWith("beef85800001000000000000");
    }

    @Test
    void other_names_and_other_types_are_asked_of_the_pods_resolver() throws Exception {
        assertThat(HEX.formatHex(udp(query("0178", "0001")))).startsWith("beef").endsWith("0004c0000209");
        assertThat(HEX.formatHex(udp(query("0161 0162", "0010"))))
                .startsWith("beef")
                .endsWith("0004c0000209");
    }

    @Test
    void without_a_resolver_that_answers_the_question_fails() throws Exception {
        // Nobody answers over TCP there.
        assertThat(HEX.formatHex(tcp(query("0178", "0001")))).startsWith("beef8182");
    }

    @Test
    void a_damaged_table_is_refused_and_the_former_one_stays() throws Exception {
        assertThat(server.onUpdate(new ResourceUpdate(
                        NameServer.TYPE,
                        List.of(new ResourceUpdate.Resource(
                                "",
                                "2",
                                Any.newBuilder()
                                        .setValue(ByteString.copyFrom(hex("0aff")))
                                        .build())),
                        List.of())))
                .isPresent();
        assertThat(HEX.formatHex(udp(query("0161 0162", "0001")))).endsWith("000401020304");
    }
}
