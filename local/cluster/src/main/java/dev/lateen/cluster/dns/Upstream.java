package dev.lateen.cluster.dns;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The host's resolver, asked from the host's network. */
final class Upstream {
    private static final int PORT = 53;
    private static final int MILLIS = 2000;
    private static final int MAX = 4096;

    private final Path configuration;

    /** @param configuration the host's {@code resolv.conf}, read for each question as it changes with the network */
    Upstream(Path configuration) {
        this.configuration = configuration;
    }

    /** Passes a query on as it is and returns the answer. */
    byte[] ask(byte[] query, boolean stream) throws IOException {
        IOException last = new IOException("the host has no nameserver in " + configuration);
        for (InetAddress server : servers()) {
            try {
                return stream ? overTcp(server, query) : overUdp(server, query);
            } catch (IOException e) {
                last = e;
            }
        }
        throw last;
    }

    private List<InetAddress> servers() throws IOException {
        List<InetAddress> result = new ArrayList<>();
        for (String line : Files.readAllLines(configuration)) {
            String[] words = line.strip().split("\\s+");
            if (words.length > 1 && words[0].equals("nameserver")) {
                result.add(InetAddress.getByName(words[1].split("%", 2)[0]));
            }
        }
        return result;
    }

    private static byte[] overUdp(InetAddress server, byte[] query) throws IOException {
        try (var socket = new DatagramSocket()) {
            socket.setSoTimeout(MILLIS);
            socket.connect(new InetSocketAddress(server, PORT));
            socket.send(new DatagramPacket(query, query.length));
            while (true) {
                var answer = new DatagramPacket(new byte[MAX], MAX);
                socket.receive(answer);
                if (answer.getLength() > 2 && answer.getData()[0] == query[0] && answer.getData()[1] == query[1]) {
                    return java.util.Arrays.copyOf(answer.getData(), answer.getLength());
                }
            }
        }
    }

    private static byte[] overTcp(InetAddress server, byte[] query) throws IOException {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(server, PORT), MILLIS);
            socket.setSoTimeout(MILLIS);
            socket.getOutputStream()
                    .write(ByteBuffer.allocate(query.length + 2)
                            .putShort((short) query.length)
                            .put(query)
                            .array());
            var in = new DataInputStream(socket.getInputStream());
            byte[] answer = new byte[in.readUnsignedShort()];
            in.readFully(answer);
            return answer;
        }
    }
}
