import type { Backend, Settings, VideoInfo, VideoView } from '../backend';
import { Resting } from '../lib/resting';
import { Conversation } from './conversation.svelte';
import type { Drafts } from './drafts.svelte';
import type { Running } from './running.svelte';
import { Note } from './note.svelte';
import { Sees } from './sees.svelte';
import { Viewer } from './viewer.svelte';

/** How long a choice must rest before the model starts to look at it. */
const REST_MS = 400;

/** Everything about the one video that is open. */
export class OpenVideo {
  readonly info: VideoInfo;
  readonly viewer: Viewer;
  readonly sees: Sees;
  readonly conversation: Conversation;
  readonly note = new Note();
  /** The user stopped it: it does not start again by itself. */
  may_prepare = $state(true);

  #stop_effects: () => void;
  /** How it is left, to be found so again. */
  #left: Resting<VideoView>;

  constructor(
    backend: Backend,
    info: VideoInfo,
    settings: Settings,
    running: Running,
    drafts: Drafts,
    say: (words: string) => void,
  ) {
    this.info = info;
    this.may_prepare = settings.prepares_on_open;
    this.viewer = new Viewer(backend, info);
    this.sees = new Sees(backend, this.viewer, settings.preset);
    this.#restore(info.view);
    this.#left = new Resting(this.#view(), (view) => {
      // Nothing that is seen now depends on it.
      backend.keepView(info.id, view).catch(() => {});
    });
    this.conversation = new Conversation(backend, info, running, drafts, {
      changed: () => this.updatePlan(),
      say,
    });
    void this.conversation.open(running.unseen.findLast((one) => one.video === info.id)?.chat);
    this.#stop_effects = $effect.root(() => {
      // The plan follows every choice at once; the work on it waits until the choice rests.
      $effect(() => {
        this.sees.request();
        this.updatePlan();
      });
      $effect(() => this.#left.change(this.#view(), this.viewer.playback.is_playing));
      $effect(() => {
        const plan = this.sees.plan;
        if (plan === null || !this.may_prepare || this.viewer.is_scrubbing) return;
        const timer = setTimeout(() => void this.sees.prepare(), REST_MS);
        return () => clearTimeout(timer);
      });
    });
  }

  close(): void {
    this.#stop_effects();
    this.#left.change(this.#view(), false);
    this.#left.flush();
    this.sees.close();
    this.viewer.close();
  }

  #view(): VideoView {
    const { commanded_secs, range } = this.viewer;
    const { pinned, removed } = this.sees;
    return { position_secs: commanded_secs, range, pinned, removed };
  }

  #restore(view: VideoView | null): void {
    if (view === null) return;
    this.viewer.commanded_secs = Math.min(Math.max(0, view.position_secs), this.info.duration_secs);
    this.viewer.setRange(view.range);
    this.sees.pinned = view.pinned;
    this.sees.removed = view.removed;
  }

  /** What takes back every choice that is made from now on. */
  remember(): () => void {
    const takeBackView = this.viewer.remember();
    const takeBackChoice = this.sees.remember();
    return () => {
      this.note.clear();
      takeBackView();
      takeBackChoice();
    };
  }

  /** Asks for the plan anew, with what the open conversation takes of the context. */
  updatePlan(): void {
    this.sees.update(this.conversation.chat?.id ?? null);
  }

  stopPreparing(): void {
    this.may_prepare = false;
    this.sees.stopPreparing();
  }

  startPreparing(): void {
    this.may_prepare = true;
    void this.sees.prepare();
  }
}
