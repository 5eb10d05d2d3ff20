import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Connect, Plugin } from 'vite';

export interface ClipFacts {
  name: string;
  width: number;
  height: number;
  times: number[];
  n_bytes: number;
}

/** Every frame of a short clip as JPEG, taken apart once by ffmpeg, and served to the double in the page. */
export function clipPlugin(path: string): Plugin {
  const folder = mkdtempSync(join(tmpdir(), 'videre-clip-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const run = (program: string, args: string[]) => execFileSync(program, args, { encoding: 'utf8' });
  run('ffmpeg', [
    '-v',
    'error',
    '-i',
    path,
    '-fps_mode',
    'passthrough',
    '-q:v',
    '2',
    join(folder, '%05d.jpg'),
  ]);
  const probed = JSON.parse(
    run('ffprobe', [
      ...['-v', 'error', '-select_streams', 'v:0', '-of', 'json'],
      ...['-show_entries', 'frame=best_effort_timestamp_time:stream=width,height:format=size', path],
    ]),
  ) as {
    frames: { best_effort_timestamp_time: string }[];
    streams: { width: number; height: number }[];
    format: { size: string };
  };
  const names = readdirSync(folder).sort();
  const facts: ClipFacts = {
    name: basename(path),
    width: probed.streams[0]?.width ?? 0,
    height: probed.streams[0]?.height ?? 0,
    times: probed.frames.map((frame) => Number(frame.best_effort_timestamp_time)),
    n_bytes: Number(probed.format.size),
  };
  const answer: Connect.NextHandleFunction = (request, response) => {
    const found = /^\/frame\/(\d+)$/u.exec(request.url ?? '');
    if (found === null) {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify(facts));
      return;
    }
    const name = names[Math.min(names.length - 1, Number(found[1]))];
    response.setHeader('Content-Type', 'image/jpeg');
    response.setHeader('Cache-Control', 'max-age=3600');
    response.end(name === undefined ? '' : readFileSync(join(folder, name)));
  };
  return {
    name: 'clip',
    configureServer: (server) => void server.middlewares.use('/clip', answer),
    configurePreviewServer: (server) => void server.middlewares.use('/clip', answer),
  };
}
