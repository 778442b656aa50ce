package dev.lateen.cluster.node;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pseudo-terminal: the program gets {@link #path()} as its input and outputs, we hold the other end. A thread of its
 * own reads, as a blocking system call would hold up the virtual threads.
 */
final class Terminal implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Terminal.class);
    private static final int O_RDWR_NOCTTY_CLOEXEC = 0x2 | 0x100 | 0x80000;
    private static final long TIOCSWINSZ = 0x5414;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final java.lang.foreign.AddressLayout POINTER = ValueLayout.ADDRESS;
    private static final MethodHandle OPENPT = function("posix_openpt", FunctionDescriptor.of(INT, INT));
    private static final MethodHandle GRANT = function("grantpt", FunctionDescriptor.of(INT, INT));
    private static final MethodHandle UNLOCK = function("unlockpt", FunctionDescriptor.of(INT, INT));
    private static final MethodHandle NAME = function("ptsname_r", FunctionDescriptor.of(INT, INT, POINTER, LONG));
    private static final MethodHandle IOCTL =
            function("ioctl", FunctionDescriptor.of(INT, INT, LONG, POINTER), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle READ = function("read", FunctionDescriptor.of(LONG, INT, POINTER, LONG));
    private static final MethodHandle WRITE = function("write", FunctionDescriptor.of(LONG, INT, POINTER, LONG));
    private static final MethodHandle CLOSE = function("close", FunctionDescriptor.of(INT, INT));

    private final int master;
    private final Path path;
    private final PipedInputStream output = new PipedInputStream(64 << 10);
    private boolean closed;

    private Terminal(int master, Path path) {
        this.master = master;
        this.path = path;
    }

    /** Opens a terminal of 80 by 24 characters. */
    static Terminal open() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            int master = (int) OPENPT.invokeExact(O_RDWR_NOCTTY_CLOEXEC);
            MemorySegment name = arena.allocate(128);
            if (master < 0
                    || (int) GRANT.invokeExact(master) != 0
                    || (int) UNLOCK.invokeExact(master) != 0
                    || (int) NAME.invokeExact(master, name, 128L) != 0) {
                throw new IOException("cannot open a terminal (/dev/ptmx)");
            }
            var terminal = new Terminal(master, Path.of(name.getString(0)));
            terminal.resize(80, 24);
            return terminal;
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** The program's end. */
    Path path() {
        return path;
    }

    /** Starts to read; call it when the program holds its end. Returns what it writes, to its end. */
    InputStream start() throws IOException {
        var sink = new PipedOutputStream(output);
        Thread.ofPlatform().name("terminal " + path).daemon().start(() -> pump(sink));
        return output;
    }

    private void pump(PipedOutputStream sink) {
        try (sink;
                Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(16 << 10);
            while (true) {
                // An error is the end: the kernel says EIO when the last program has closed its end.
                long count = (long) READ.invokeExact(master, buffer, buffer.byteSize());
                if (count <= 0) {
                    return;
                }
                sink.write(buffer.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE));
                sink.flush();
            }
        } catch (Throwable e) {
            LOG.debug("The reader of terminal {} is gone", path, e);
        } finally {
            closeMaster();
        }
    }

    /** What the user types. Closing it types the end of file, Ctrl-D. */
    OutputStream input() {
        return new OutputStream() {
            @Override
            public void write(int each) throws IOException {
                write(new byte[] {(byte) each}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                type(bytes, offset, length);
            }

            @Override
            public void close() throws IOException {
                type(new byte[] {4}, 0, 1);
            }
        };
    }

    private void type(byte[] bytes, int offset, int length) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(Math.max(1, length));
            MemorySegment.copy(bytes, offset, buffer, ValueLayout.JAVA_BYTE, 0, length);
            long done = 0;
            while (done < length) {
                long count;
                synchronized (this) {
                    count = closed ? -1 : (long) WRITE.invokeExact(master, buffer.asSlice(done), length - done);
                }
                if (count < 0) {
                    throw new IOException("the terminal is closed");
                }
                done += count;
            }
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** Sets the size in characters and tells the program. */
    synchronized void resize(int width, int height) {
        if (closed) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(8);
            size.set(ValueLayout.JAVA_SHORT, 0, (short) height);
            size.set(ValueLayout.JAVA_SHORT, 2, (short) width);
            int result = (int) IOCTL.invokeExact(master, TIOCSWINSZ, size);
            if (result != 0) {
                LOG.debug("The size of terminal {} could not be set", path);
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private synchronized void closeMaster() {
        if (!closed) {
            closed = true;
            try {
                int _ = (int) CLOSE.invokeExact(master);
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** Ends the reader's stream; the reading thread ends with the program's end of the terminal. */
    @Override
    public void close() throws IOException {
        output.close();
    }

    // Calling the kernel is what this class is for; the launcher grants it with --enable-native-access.
    @SuppressWarnings("restricted")
    private static MethodHandle function(String name, FunctionDescriptor type, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, options);
    }
}
