package dev.lateen.control.source;

import dev.lateen.config.ObjectName;
import dev.lateen.config.Problem;
import dev.lateen.mesh.Snapshot;
import java.util.List;
import java.util.function.Consumer;

/** Takes what sources learn. Methods return at once, from any thread; the order of one thread's calls is kept. */
public interface ChangeSink {
    /** A change of the next snapshot. */
    void change(Consumer<Snapshot.Change> change);

    /** All that is wrong with one object now; an empty list clears what was said before. */
    void problems(ObjectName object, List<Problem> problems);
}
