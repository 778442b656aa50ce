package dev.lateen.proxy.http;

import dev.lateen.proxy.net.Timer;
import dev.lateen.proxy.stream.RequestEvents;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ServerStream;
import dev.lateen.proxycore.ResponseFlag;
import dev.lateen.proxycore.filter.FaultInjection;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.route.Forward;
import io.netty.buffer.ByteBuf;

/** A request that a rule delays, refuses, or both, before it goes its way. */
final class Injected implements RequestEvents {
    private final ServerStream stream;
    private final RequestHead head;
    private final Forward forward;
    private final FaultInjection.Verdict fault;
    private final RequestEvents next;
    private final Runnable start;
    private final RequestRecord record;
    private final Timer.Timeout delay;
    private boolean refused;

    Injected(
            HttpService service,
            ServerStream stream,
            RequestHead head,
            Forward forward,
            FaultInjection.Verdict fault,
            RequestEvents next,
            Runnable start,
            RequestRecord record) {
        this.stream = stream;
        this.head = head;
        this.forward = forward;
        this.fault = fault;
        this.next = next;
        this.start = start;
        this.record = record;
        if (fault.delay().isZero()) {
            delay = () -> {};
            go();
        } else {
            record.flag(ResponseFlag.DI);
            delay = service.worker().timer().after(fault.delay().toNanos(), this::go);
        }
    }

    private void go() {
        if (fault.aborts()) {
            refused = true;
            record.flag(ResponseFlag.FI).details("fault_filter_abort");
            int status = fault.status() == 0 ? 200 : fault.status();
            ResponseHead response = new ResponseHead(status);
            if (fault.grpcStatus() >= 0) {
                response.with("grpc-status", Integer.toString(fault.grpcStatus()));
            }
            LocalReply.send(stream, head, forward.responseHeaders(), response, "fault filter abort", record);
        } else {
            start.run();
        }
    }

    @Override
    public void data(ByteBuf data, boolean end) {
        if (refused) {
            int bytes = data.readableBytes();
            data.release();
            stream.consumed(bytes);
        } else {
            next.data(data, end);
        }
    }

    @Override
    public void trailers(Fields trailers) {
        if (!refused) {
            next.trailers(trailers);
        }
    }

    @Override
    public void reset(Reset reason, String detail) {
        delay.cancel();
        next.reset(reason, detail);
    }

    @Override
    public void writable() {
        next.writable();
    }
}
