package dev.lateen.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Messages of gRPC in their content. */
final class GrpcMessagesTest {
    /** However they are cut into pieces. */
    @Property
    void areCounted(@ForAll @Size(max = 20) List<@IntRange(max = 300) Integer> lengths, @ForAll long seed) {
        ByteBuf all = Unpooled.buffer();
        Random random = new Random(seed);
        for (int length : lengths) {
            byte[] message = new byte[length];
            random.nextBytes(message);
            all.writeByte(random.nextInt(2)).writeInt(length).writeBytes(message);
        }
        GrpcMessages messages = new GrpcMessages();
        while (all.isReadable()) {
            messages.add(all.readSlice(Math.min(all.readableBytes(), 1 + random.nextInt(50))));
        }
        assertThat(messages.count()).isEqualTo(lengths.size());
    }

    /** What is no gRPC at all is counted as something, and does no harm. */
    @Property
    void anyBytes(@ForAll byte[] bytes) {
        GrpcMessages messages = new GrpcMessages();
        ByteBuf data = Unpooled.wrappedBuffer(bytes);
        messages.add(data);
        assertThat(messages.count()).isBetween(bytes.length == 0 ? 0L : 1L, (long) bytes.length);
        assertThat(data.readableBytes()).isEqualTo(bytes.length);
    }
}
