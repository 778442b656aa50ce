package dev.lateen.acceptance.faults;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** A name server (RFC 1035): every name has this one address; of IPv6 it knows none. */
final class Names implements AutoCloseable {
    private static final int HEADER = 12;
    private static final int A = 1;

    private final DatagramSocket socket;
    private final byte[] address;

    Names(String address) throws IOException {
        this.address = InetAddress.ofLiteral(address).getAddress();
        socket = new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 53));
        Thread.ofVirtual().start(this::answer);
    }

    private void answer() {
        byte[] buffer = new byte[512];
        while (!socket.isClosed()) {
            try {
                DatagramPacket query = new DatagramPacket(buffer, buffer.length);
                socket.receive(query);
                byte[] answer = answer(Arrays.copyOf(buffer, query.getLength()));
                socket.send(new DatagramPacket(answer, answer.length, query.getSocketAddress()));
            } catch (IOException e) {
                // Closed.
            }
        }
    }

    private byte[] answer(byte[] query) {
        int end = HEADER;
        while (query[end] != 0) {
            end += query[end] + 1;
        }
        boolean known = ByteBuffer.wrap(query).getShort(end + 1) == A;
        end += 5;
        ByteBuffer out = ByteBuffer.allocate(end + 16);
        out.put(query, 0, 2)
                .putShort((short) 0x8580)
                .putShort((short) 1)
                .putShort((short) (known ? 1 : 0))
                .putInt(0);
        out.put(query, HEADER, end - HEADER);
        if (known) {
            out.putShort((short) 0xC00C)
                    .putShort((short) A)
                    .putShort((short) 1)
                    .putInt(1)
                    .putShort((short) 4);
            out.put(address);
        }
        return Arrays.copyOf(out.array(), out.position());
    }

    @Override
    public void close() {
        socket.close();
    }
}
